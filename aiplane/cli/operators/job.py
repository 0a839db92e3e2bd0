"""``celery -A aiplane job``: the report on one job."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from aiplane.cli.operators.queue_argument import open_queues, queue_named
from aiplane.cli.terminal.columns import duration, moment, show_pairs
from aiplane.cli.terminal.errors import NotFoundError, naming_redis
from aiplane.cli.terminal.screen import one_line, show_json
from aiplane.ledger.leases import LeaseStore
from aiplane.operations.dead_letters import DeadLetters
from aiplane.operations.job_report import tell
from aiplane.redis.clients import connect_thread

if TYPE_CHECKING:
    from aiplane.ledger.leases import LeaseSnapshot
    from aiplane.operations.job_report import JobReport, Lock, Run
    from aiplane.settings import Settings

LONGEST_PROGRESS = 200
"""Characters of a job's progress that a person is shown."""


def show(settings: Settings, *, queue: str, job_id: str, as_json: bool) -> None:
    """Read the story of one job and show it.

    Raises:
        NotFoundError: there is no such job; the message says if there is a dead letter of it.
    """
    name = queue_named(settings, queue)
    with naming_redis(settings.redis_url):
        with closing(connect_thread(settings.redis_url)) as redis:
            snapshot = LeaseStore(redis, settings.bullmq_prefix).look()
        report = asyncio.run(_read(settings, snapshot, name, job_id))
    if as_json:
        show_json(to_json(report))
    else:
        _show(report)


async def _read(settings: Settings, snapshot: LeaseSnapshot, queue: str, job_id: str) -> JobReport:
    async with open_queues(settings) as (redis, bull):
        report = await tell(redis, bull, snapshot, queue, job_id)
        if report is not None:
            return report
        sentence = f"There is no job {one_line(job_id)} in {queue}."
        if await DeadLetters(redis, bull, queue).find(job_id):
            sentence += (
                f" A dead letter of it is there: celery -A aiplane dead show {queue} {one_line(job_id)}"
            )
        raise NotFoundError(sentence)


def to_json(report: JobReport) -> dict[str, Any]:
    """Return a story as the document that ``--json`` writes; what is not there or not known is null."""
    times, lock, run = report.times, report.lock, report.run
    return {
        "queue": report.queue,
        "id": report.id,
        "name": report.name,
        "state": report.state,
        "attemptsMade": report.attempts_made,
        "attempts": report.attempts,
        "madeAt": moment(times.made),
        "takenAt": moment(times.taken),
        "finishedAt": moment(times.finished),
        "delayMs": times.delay,
        "waitedMs": report.waited_ms,
        "ranMs": report.ran_ms,
        "lock": lock
        and {"bridge": lock.bridge, "node": lock.node, "lives": lock.lives, "ttlMs": lock.ttl_ms},
        "run": run
        and {
            **{key: value for key, value in asdict(run).items() if key not in ("sent", "claimed")},
            "sentAt": moment(run.sent),
            "claimedAt": moment(run.claimed),
        },
        "failedReason": report.failed_reason,
        "stacktrace": report.stacktrace,
        "resultJob": report.result_job,
        "deadLetter": report.dead_letter,
        "progress": report.progress,
        "logs": list(report.logs),
    }


def _show(report: JobReport) -> None:
    times = report.times
    progress = None if report.progress in (None, 0) else json.dumps(report.progress)[:LONGEST_PROGRESS]
    show_pairs(
        (
            ("job", f"{report.id} of {report.queue} ({report.name})"),
            ("state", report.state),
            ("attempts", f"{report.attempts_made} of {report.attempts} are over"),
            ("made", moment(times.made)),
            ("taken", _after(moment(times.taken), "waited", report.waited_ms)),
            ("waiting for", duration(report.waited_ms) if times.taken is None else None),
            ("finished", _after(moment(times.finished), "ran", report.ran_ms)),
            ("running for", duration(report.ran_ms) if report.state == "active" else None),
            ("delay", duration(times.delay) if times.delay else None),
            ("lock", _lock(report.lock)),
            ("run", report.run and report.run.id),
            ("", report.run and _run(report.run, times.now)),
            ("usage", report.run and report.run.usage and json.dumps(report.run.usage)),
            ("progress", progress),
            ("result job", report.result_job),
            ("dead letter", report.dead_letter),
            ("failed", report.failed_reason),
        )
    )
    _show_lines("log", "\n".join(report.logs))
    _show_lines("last stack trace", report.stacktrace or "")


def _after(when: str | None, what: str, milliseconds: int | None) -> str | None:
    return when and f"{when} ({what} {duration(milliseconds)})"


def _lock(lock: Lock | None) -> str | None:
    if lock is None:
        return None
    if lock.bridge is None:
        return f"a worker that is no bridge; good for {duration(lock.ttl_ms)}"
    where = f" at {lock.node}" if lock.node else ""
    return f"bridge {lock.bridge}{where}{'' if lock.lives else ', gone'}; good for {duration(lock.ttl_ms)}"


def _run(run: Run, now: int) -> str:
    sent = f"sent {duration(now - run.sent)} ago"
    if run.claimed is None:
        return f"{sent}, claimed by none"
    pool = run.pool or "a pool"
    claimed = f"claimed by {pool}{'' if run.lives else ' (gone)'} {duration(now - run.claimed)} ago"
    return f"{sent}, {claimed}, {f'outcome: {run.outcome}' if run.outcome else 'no outcome yet'}"


def _show_lines(title: str, text: str) -> None:
    if text:
        click.echo(f"\n{title}:")
        for line in text.splitlines():
            click.echo(f"  {one_line(line)}")
