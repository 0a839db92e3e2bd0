"""Judging a run: what every job came to, against what was done to the plane while it ran."""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.faults.chaos.plan import Blow
from tests.faults.chaos.witness import Recovery
from tests.faults.ledger import leftovers, undrained
from tests.interop.payloads import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.faults.chaos.driver import Play
    from tests.faults.chaos.traffic import Sent
    from tests.faults.chaos.witness import Kill

BRIDGE_LIMIT, POOL_LIMIT = 10.0, 20.0
"""Seconds, at the 99th percentile: until a killed bridge's jobs are watched, a killed pool's due, again."""

ON_ITS_WAY = 0.5
"""Seconds that a request may be on its way."""

AROUND = 60.0
"""Seconds before and after a repeated call in which a blow may be its cause."""


@dataclass(frozen=True)
class Times:
    """How long recoveries took, in seconds."""

    count: int
    median: float = 0.0
    p99: float = 0.0
    worst: float = 0.0

    @classmethod
    def of(cls, recoveries: Iterable[Recovery]) -> Times:
        seconds = sorted(recovery.seconds for recovery in recoveries)
        if not seconds:
            return cls(0)
        p99 = seconds[min(len(seconds) - 1, int(0.99 * len(seconds)))]
        return cls(len(seconds), *(round(each, 2) for each in (statistics.median(seconds), p99, seconds[-1])))


@dataclass
class Verdict:
    """What is reported of a run; it was a good one if ``violations`` is empty."""

    seed: int
    minutes: float
    kills: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    times: dict[str, Times] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    blows: list[Kill] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        times = {name: asdict(each) for name, each in self.times.items()}
        blows = [f"{blow.at:.3f} {blow}" for blow in self.blows]
        return {**vars(self), "counts": dict(self.counts), "times": times, "blows": blows}

    def violate(self, sentence: str, *moments: float) -> None:
        """Add a violation, with the blows that fell around the moments that it is about."""
        around = [
            f"{blow.at:.3f} {blow}"
            for blow in self.blows
            if any(abs(blow.at - moment) < AROUND for moment in moments)
        ]
        self.violations.append(f"{sentence} Blows around it: {around}" if moments else sentence)


async def judge(play: Play) -> Verdict:
    """Check everything that is promised, for every job."""
    verdict = Verdict(play.seed, play.minutes, facts=play.facts, violations=[*play.problems])
    struck = Counter(kill.blow for kill in play.witness.kills)
    verdict.kills = {blow.value: struck[blow] for blow in Blow}
    verdict.blows = list(play.witness.kills)
    calls = read_calls(play.calls)
    answers = _answers(play)
    for job in play.sent:
        _judge_job(play, verdict, job, calls.get(job.id, []), answers)
    _judge_times(play, verdict)
    await _judge_redis(play, verdict)
    verdict.counts["jobs"] = len(play.sent)
    return verdict


@dataclass
class Call:
    """One call of the model, as the provider's log tells; moments are seconds since the epoch."""

    number: int
    at: float
    outcome: str = "pending"


def read_calls(log: Path) -> dict[str, list[Call]]:
    """Return the calls of every case in their order."""
    calls: dict[str, dict[int, Call]] = defaultdict(dict)
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        of_case = calls[entry["case"]]
        if entry["event"] == "started":
            of_case[entry["number"]] = Call(entry["number"], entry["wall"])
        else:
            of_case[entry["number"]].outcome = entry["event"]
    return {case: list(of_case.values()) for case, of_case in calls.items()}


def _answers(play: Play) -> dict[str, dict[tuple[str, str], list[str]]]:
    """Return the ids of result jobs and of dead letters by the job that they speak of."""
    answers: dict[str, dict[tuple[str, str], list[str]]] = {}
    for neighbour, mark in (("results", "result"), ("dlq", "dead")):
        found = answers[neighbour] = defaultdict(list)
        for kind in KINDS.values():
            for added in play.journal.jobs(f"{kind.queue}.{neighbour}", "added"):
                found[kind.queue, added.removeprefix(f"{mark}-").rpartition("-")[0]].append(added)
    answers["consumed"] = defaultdict(list)
    for queue, inbox in play.inboxes.items():
        for item in inbox.find(bool):
            answers["consumed"][queue, item["data"]["jobId"]].append(item["id"])
    return answers


def _judge_job(
    play: Play,
    verdict: Verdict,
    job: Sent,
    calls: list[Call],
    answers: dict[str, dict[tuple[str, str], list[str]]],
) -> None:
    place, complain = (job.queue, job.id), verdict.violations.append
    ends = play.journal.of(*place, "completed", "failed")
    completed = sum(end.name == "completed" for end in ends)
    verdict.counts["completed"] += bool(completed)
    if not ends:
        verdict.counts["lost"] += 1
        complain(f"lost: {job}: {[event.name for event in play.journal.of(*place)]}")
    if len(ends) > 1:
        verdict.counts["ended more than once"] += 1
        complain(f"ended {len(ends)} times: {job}")
    results, letters = answers["results"][place], answers["dlq"][place]
    consumed = answers["consumed"][place]
    verdict.counts["results"] += len(set(results))
    verdict.counts["results delivered again by Node's worker"] += len(consumed) - len(set(consumed))
    if len(results) > max(1, completed) or len(set(consumed)) > 1:
        verdict.counts["duplicated results"] += 1
        complain(f"results {results}, consumed {consumed}: {job}")
    if completed and (len(results) != 1 or set(consumed) != set(results)):
        complain(f"completed, but results {results}, consumed {consumed}: {job}")
    if ends and not completed:
        _judge_failure(play, verdict, job, ends[0].fields.get("failedReason", ""), letters)
    _judge_calls(play, verdict, job, calls)


def _judge_failure(play: Play, verdict: Verdict, job: Sent, reason: str, letters: list[str]) -> None:
    """A job may fail for good where the provider refuses it, or where its workers died once too often."""
    code, killed = reason.partition(":")[0], len(play.witness.killed_runs.get((job.queue, job.id), {}))
    verdict.counts[f"failed for good: {code}"] += 1
    if len(letters) != 1:
        verdict.violations.append(f"failed with {len(letters)} dead letters: {job}")
    if job.fatal and code in ("llm_auth", "stt_failed"):
        return
    if killed + job.refusals >= job.attempts and code in ("worker_lost", "llm_unavailable"):
        return
    verdict.violations.append(f"failed with {reason!r}, {killed} of its runs were killed: {job}")


def _judge_calls(play: Play, verdict: Verdict, job: Sent, calls: list[Call]) -> None:
    """Every call but the first must follow a refusal, or a kill of the worker that made the one before it."""
    kills = sorted(play.witness.killed_runs.get((job.queue, job.id), {}).values(), key=lambda kill: kill.at)
    verdict.counts["model calls"] += len(calls)
    verdict.counts["runs whose pool was killed"] += len(kills)
    for before, after in pairwise(calls):
        if before.number <= job.refusals and before.outcome == "answered":
            verdict.counts["calls repeated after a refusal"] += 1
            continue
        if any(_sent_by_then(before, kill) and kill.at <= after.at for kill in kills):
            verdict.counts["calls repeated after their pool was killed"] += 1
            continue
        verdict.counts["calls repeated without reason"] += 1
        verdict.violate(f"call {after.number} has no reason: {job}: {calls}, {kills}.", before.at, after.at)


def _sent_by_then(call: Call, kill: Kill) -> bool:
    """Whether the worker that was killed had made a call.

    The provider notes a call when it has read it: one that was on its way is noted a moment after the kill,
    and then nobody is there for the answer.
    """
    return call.at <= kill.at or (call.outcome == "abandoned" and call.at <= kill.at + ON_ITS_WAY)


def _judge_times(play: Play, verdict: Verdict) -> None:
    retried: list[Recovery] = []
    for (queue, job), runs in play.witness.killed_runs.items():
        for kill in runs.values():
            moved = _moved(play, queue, job, kill)
            if moved is None:
                verdict.violations.append(
                    f"job {job} of {queue} was not moved on after the kill of {kill.victim}"
                )
                continue
            outage = play.witness.outage_within(kill.at, moved)
            retried.append(Recovery(kill.at, moved, outage, f"{queue} {job} of {kill.victim}"))
    for name, recoveries, limit in (
        ("bridge killed → its jobs watched again", play.witness.watched_again, BRIDGE_LIMIT),
        ("pool killed → retry scheduled", retried, POOL_LIMIT),
    ):
        times = verdict.times[name] = Times.of(each for each in recoveries if not each.outage)
        verdict.times[f"{name}, Redis away meanwhile"] = Times.of(each for each in recoveries if each.outage)
        if times.p99 > limit:
            late = [_story(verdict, each) for each in recoveries if each.seconds > limit and not each.outage]
            verdict.violations.append(
                f"{name}: {times.p99} s at the 99th percentile, more than {limit:g} s: {'; '.join(late)}"
            )
    if play.witness.unwatched:
        verdict.violations.append(f"{play.witness.unwatched} jobs of dead bridges are watched by nobody")


def _story(verdict: Verdict, recovery: Recovery) -> str:
    """Tell what waited, and which blows fell in that time, each with its seconds after the kill."""
    meanwhile = [
        f"+{blow.at - recovery.killed:.1f} {blow}"
        for blow in verdict.blows
        if recovery.killed < blow.at < recovery.ended
    ]
    return f"{recovery.what} waited {recovery.seconds:.1f} s, meanwhile {meanwhile}"


def _moved(play: Play, queue: str, job: str, kill: Kill) -> float | None:
    """Return when a job left the active list after a kill."""
    for event in play.journal.of(queue, job, "delayed", "waiting", "failed", "completed"):
        if event.at / 1000 > kill.at:
            return event.at / 1000
    return None


async def _judge_redis(play: Play, verdict: Verdict) -> None:
    """Nothing of the work may be left in Redis."""
    for kind in KINDS.values():
        for queue in (kind.queue, f"{kind.queue}.results"):
            if left := await undrained(play.bull, queue):
                verdict.violations.append(f"{queue} is not empty: {left}")
    # A pool that dies between receiving a message and beginning with it leaves the message to Celery, which
    # brings it back after its visibility timeout; no run is open by then, so it does nothing.
    received = ("unacked", "unacked_index")
    if keys := [key for key in await leftovers(play.bull.redis) if not key.endswith(received)]:
        verdict.violations.append(f"left in Redis: {keys[:20]}")
    for job in play.sent:
        if await play.bull.redis.hexists(f"bull:{job.queue}:{job.id}", "stc"):
            verdict.violations.append(f"counts as stalled: {job}")
