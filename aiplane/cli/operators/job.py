"""What ``celery -A aiplane job`` shows: the story of one job."""

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
from aiplane.ledger.leases import LeaseBook
from aiplane.operations.dead_letters import DeadLetters
from aiplane.operations.job_report import tell
from aiplane.redis.clients import connect_thread

if TYPE_CHECKING:
    from aiplane.ledger.leases import Roll
    from aiplane.operations.job_report import Lock, Run, Story
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
            roll = LeaseBook(redis, settings.bullmq_prefix).look()
        story = asyncio.run(_read(settings, roll, name, job_id))
    if as_json:
        show_json(to_json(story))
    else:
        _show(story)


async def _read(settings: Settings, roll: Roll, queue: str, job_id: str) -> Story:
    async with open_queues(settings) as (redis, bull):
        story = await tell(redis, bull, roll, queue, job_id)
        if story is not None:
            return story
        sentence = f"There is no job {one_line(job_id)} in {queue}."
        if await DeadLetters(redis, bull, queue).find(job_id):
            sentence += (
                f" A dead letter of it is there: celery -A aiplane dead show {queue} {one_line(job_id)}"
            )
        raise NotFoundError(sentence)


def to_json(story: Story) -> dict[str, Any]:
    """Return a story as the document that ``--json`` writes; what is not there or not known is null."""
    times, lock, run = story.times, story.lock, story.run
    return {
        "queue": story.queue,
        "id": story.id,
        "name": story.name,
        "state": story.state,
        "attemptsMade": story.attempts_made,
        "attempts": story.attempts,
        "madeAt": moment(times.made),
        "takenAt": moment(times.taken),
        "finishedAt": moment(times.finished),
        "delayMs": times.delay,
        "waitedMs": story.waited_ms,
        "ranMs": story.ran_ms,
        "lock": lock
        and {"bridge": lock.bridge, "node": lock.node, "lives": lock.lives, "ttlMs": lock.ttl_ms},
        "run": run
        and {
            **{key: value for key, value in asdict(run).items() if key not in ("sent", "claimed")},
            "sentAt": moment(run.sent),
            "claimedAt": moment(run.claimed),
        },
        "failedReason": story.failed_reason,
        "stacktrace": story.stacktrace,
        "resultJob": story.result_job,
        "deadLetter": story.dead_letter,
        "progress": story.progress,
        "logs": list(story.logs),
    }


def _show(story: Story) -> None:
    times = story.times
    progress = None if story.progress in (None, 0) else json.dumps(story.progress)[:LONGEST_PROGRESS]
    show_pairs(
        (
            ("job", f"{story.id} of {story.queue} ({story.name})"),
            ("state", story.state),
            ("attempts", f"{story.attempts_made} of {story.attempts} are over"),
            ("made", moment(times.made)),
            ("taken", _after(moment(times.taken), "waited", story.waited_ms)),
            ("waiting for", duration(story.waited_ms) if times.taken is None else None),
            ("finished", _after(moment(times.finished), "ran", story.ran_ms)),
            ("running for", duration(story.ran_ms) if story.state == "active" else None),
            ("delay", duration(times.delay) if times.delay else None),
            ("lock", _lock(story.lock)),
            ("run", story.run and story.run.id),
            ("", story.run and _run(story.run, times.now)),
            ("usage", story.run and story.run.usage and json.dumps(story.run.usage)),
            ("progress", progress),
            ("result job", story.result_job),
            ("dead letter", story.dead_letter),
            ("failed", story.failed_reason),
        )
    )
    _show_lines("log", "\n".join(story.logs))
    _show_lines("last stack trace", story.stacktrace or "")


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
