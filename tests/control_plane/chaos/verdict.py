"""Judging a run: what every accepted request came to, in PostgreSQL, BullMQ and the ledger, and over HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiplane.queues import QUEUES
from tests.control_plane.chaos.bill import Lost, judge_calls, read_calls
from tests.control_plane.chaos.plan import ROOMS, USERS
from tests.control_plane.chaos.stage import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.queues import Kind
    from tests.control_plane.chaos.plan import Request
    from tests.control_plane.chaos.stage import Stage
    from tests.control_plane.chaos.traffic import Traffic
    from tests.support.journal import Journal

_JOBS = """
SELECT j.id, j.kind, j.state, j.error_code, j.error_message, j.result IS NOT NULL,
  (SELECT count(*) FROM messages m WHERE m.job_id = j.id AND m.role = 'user')
    + (SELECT count(*) FROM hints h WHERE h.job_id = j.id)
    + (SELECT count(*) FROM reviews r WHERE r.job_id = j.id),
  CASE j.kind
    WHEN 'interview' THEN (SELECT count(*) FROM messages m WHERE m.job_id = j.id AND m.role = 'assistant')
    WHEN 'hint' THEN (SELECT count(*) FROM hints h WHERE h.job_id = j.id AND h.hint IS NOT NULL)
    ELSE (SELECT count(*) FROM reviews r WHERE r.job_id = j.id AND r.result IS NOT NULL) END,
  CASE WHEN j.kind = 'interview' THEN coalesce((j.result ->> 'shouldRespond')::boolean, true) ELSE true END
FROM jobs j
"""
_TOLD = """
SELECT data ->> 'jobId', data ->> 'status', count(*) FROM events WHERE type = 'job' GROUP BY 1, 2
"""
_LEFT = {
    "in the outbox": "SELECT count(*) FROM outbox",
    "messages of no job": "SELECT count(*) FROM messages WHERE job_id NOT IN (SELECT id FROM jobs)",
}


@dataclass(frozen=True)
class Row:
    """One job in PostgreSQL, with what was written for it."""

    id: str
    kind: Kind
    state: str
    code: str | None
    sentence: str | None
    has_result: bool
    asked: int
    effects: int
    answers: bool


@dataclass
class Verdict:
    """What is reported of a run; it was a good one if ``violations`` is empty."""

    counts: Counter[str] = field(default_factory=Counter)
    facts: dict[str, Any] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)


async def judge(
    requests: list[Request], limits: Mapping[str, int], stage: Stage, traffic: Traffic, journal: Journal
) -> Verdict:
    """Look at everything, once nothing happens any more."""
    verdict = Verdict(violations=[*traffic.problems, *stage.ended()])
    rows = {row[0]: Row(*row) for row in stage.postgres.query(_JOBS)}  # type: ignore[arg-type]  # as selected
    jobs = _judge_requests(verdict, requests, traffic, rows)
    _judge_rows(verdict, rows, stage)
    _judge_queues(verdict, rows, journal)
    _judge_ledger(verdict, jobs, rows, stage)
    await _judge_answers(verdict, jobs, traffic, rows)
    await _judge_quota(verdict, jobs, traffic, rows, limits)
    return verdict


def _judge_requests(
    verdict: Verdict, requests: list[Request], traffic: Traffic, rows: dict[str, Row]
) -> dict[str, Request]:
    """Every request is one job, and every job is of one request."""
    jobs: dict[str, Request] = {}
    for request in requests:
        ids = traffic.accepted.get(request.key, set())
        verdict.counts["requests"] += 1
        verdict.counts["requests accepted"] += bool(ids)
        verdict.counts["requests past a limit"] += not ids and request.key in traffic.limited
        if len(ids) > 1:
            verdict.violations.append(f"asked {len(ids)} times: {request}: {ids}")
        if lost := ids - rows.keys():
            verdict.violations.append(f"accepted, and lost: {request}: {lost}")
        for job_id in ids:
            if job_id in jobs:
                verdict.violations.append(f"one job of two requests: {job_id}: {jobs[job_id]}, {request}")
            jobs[job_id] = request
    if more := rows.keys() - jobs.keys():
        verdict.violations.append(f"{len(more)} jobs that nobody was told of: {sorted(more)[:5]}")
    return jobs


def _judge_rows(verdict: Verdict, rows: dict[str, Row], stage: Stage) -> None:
    """Each job has one row of what was asked, and one result with its effect, or one failure."""
    told: dict[str, dict[str, int]] = defaultdict(dict)
    for job_id, status, count in stage.postgres.query(_TOLD):
        told[str(job_id)][str(status)] = int(str(count))
    for row in rows.values():
        verdict.counts[f"jobs {row.state}"] += 1
        if row.code:
            verdict.counts[f"failed: {row.code}"] += 1
        if fault := fault_of(row, told[row.id]):
            verdict.violations.append(f"{fault}: {row}, told {told[row.id]}")
    for what, query in _LEFT.items():
        if left := stage.postgres.query(query)[0][0]:
            verdict.violations.append(f"{left} {what}")


def fault_of(row: Row, told: dict[str, int]) -> str | None:
    """Return what is wrong with a job, if anything is, and with how often its asker was told of it."""
    completed, failed = row.state == "completed", row.state == "failed"
    rules = {
        "has not ended": completed or failed,
        "not one row of what was asked": row.asked == 1,
        "not one result": row.has_result == completed,
        "not one effect": row.effects == (completed and row.answers),
        "no sentence": bool(row.code and row.sentence) == failed,
        "not told once that it was queued": told.get("queued") == 1,
        "told twice that it runs": told.get("running", 0) <= 1,
        "not told once how it ended": told.get(row.state) == 1,
    }
    return next((fault for fault, kept in rules.items() if not kept), None)


def _judge_queues(verdict: Verdict, rows: dict[str, Row], journal: Journal) -> None:
    """BullMQ had each job once, and ended it once, as PostgreSQL says."""
    for row in rows.values():
        place = (QUEUES[row.kind].name, row.id)
        ends = [event.name for event in journal.of(*place, "completed", "failed")]
        if len(journal.of(*place, "added")) != 1 or ends != [row.state]:
            story = [event.name for event in journal.of(*place)]
            verdict.violations.append(f"BullMQ tells of {story}: {row}")
    for kind in KINDS:
        extra = set(journal.jobs(QUEUES[kind].name, "added")) - rows.keys()
        if extra:
            verdict.violations.append(f"{len(extra)} jobs in BullMQ of no row: {sorted(extra)[:5]}")


def _judge_ledger(verdict: Verdict, jobs: dict[str, Request], rows: dict[str, Row], stage: Stage) -> None:
    """The model was asked once for each job, and again only where a killed pool took the answer with it."""
    calls = read_calls(stage.calls)
    for job_id, request in jobs.items():
        if (row := rows.get(job_id)) is None:
            continue
        made = calls.pop(request.key, [])
        verdict.counts["model calls"] += len(made)
        lost = stage.attempts_lost(QUEUES[row.kind].name, job_id)
        verdict.counts["attempts whose pool was killed"] += lost
        repeated, fault = judge_calls(made, Lost(lost, stage.outages, stage.pool_kills(row.kind)))
        verdict.counts[f"model calls repeated: pool {row.kind} was killed"] += repeated
        if fault is None and row.state == "completed" and not made:
            fault = "answered without a call"
        if fault:
            verdict.violations.append(f"{fault}: {request}: {row}: {made}")
    if calls:
        verdict.violations.append(f"calls of the model for nothing that was accepted: {calls}")


async def _judge_answers(
    verdict: Verdict, jobs: dict[str, Request], traffic: Traffic, rows: dict[str, Row]
) -> None:
    """Whoever asked is told the same over HTTP."""
    gate = asyncio.Semaphore(20)

    async def look(job_id: str, request: Request) -> None:
        async with gate:
            told = await traffic.look(request, job_id) or {}
        row = rows.get(job_id)
        fits = row is not None and told.get("status") == row.state
        whole = (
            "result" in told
            if told.get("status") == "completed"
            else bool(told.get("error", {}).get("message"))
        )
        if not (fits and whole) or "weaknessSignals" in str(told):
            verdict.violations.append(f"told {told}: {row}")

    await asyncio.gather(*(look(job_id, request) for job_id, request in jobs.items()))


async def _judge_quota(
    verdict: Verdict,
    jobs: dict[str, Request],
    traffic: Traffic,
    rows: dict[str, Row],
    limits: Mapping[str, int],
) -> None:
    """Of each limit as much is left as was not accepted, or failed; who was refused had reached it."""
    places = {job_id: (request.user, request.room, request.what) for job_id, request in jobs.items()}
    accepted = Counter(places.values())
    used = Counter(
        place for job_id, place in places.items() if job_id in rows and rows[job_id].state != "failed"
    )
    for request in traffic.sent:
        place = (request.user, request.room, request.what)
        if request.key in traffic.limited and accepted[place] < limits[request.what]:
            verdict.violations.append(f"refused below the limit, {accepted[place]} were accepted: {request}")
    verdict.counts["quotas: taken"] = used.total()
    for user in range(USERS):
        for room in range(ROOMS):
            left = await traffic.quota(user, room)
            for what, limit in limits.items():
                verdict.counts["quotas looked at"] += 1
                verdict.counts["quotas: left"] += left[what]
                verdict.counts["quotas: allowed"] += limit
                if left[what] != limit - used[user, room, what]:
                    taken = f"{used[user, room, what]} were taken"
                    verdict.violations.append(
                        f"{what} of user {user}, room {room}: {left[what]} left, {taken}"
                    )
