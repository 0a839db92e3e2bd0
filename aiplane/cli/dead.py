"""What ``celery -A aiplane dead list|show|retry|purge`` do."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from aiplane.bull import Bull
from aiplane.cli.columns import duration, moment, show_pairs, show_table
from aiplane.cli.faults import NotAllDoneError, NotFoundError, naming_redis
from aiplane.cli.queue_argument import kind_of, queue_named
from aiplane.cli.screen import one_line, show_json
from aiplane.connections import connect
from aiplane.dead_letters import DeadLetters
from aiplane.queues import KINDS
from aiplane.retrying import NotRetriedError, Retried, Retrying

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from redis.asyncio import Redis

    from aiplane.dead_letters import Letter
    from aiplane.settings import Settings

Row = dict[str, Any]

LONGEST_DATA = 1_000_000
"""Characters of a payload that a terminal is given; ``--json`` gives all of it."""


def show_list(settings: Settings, *, queue: str | None, code: str | None, limit: int, as_json: bool) -> None:
    """List the letters of one queue, or of all."""
    names = [queue_named(settings, queue)] if queue else [settings.queue_name(kind) for kind in KINDS]

    async def read() -> list[Row]:
        async with _redis(settings) as (redis, bull):
            return [
                await _list(settings, DeadLetters(redis, bull, name), name, code, limit) for name in names
            ]

    with naming_redis(settings.redis_url):
        lists = asyncio.run(read())
    if as_json:
        show_json({"queues": lists})
        return
    rows = [(each["queue"], letter) for each in lists for letter in each["letters"]]
    if rows:
        show_table(["queue", "job", "code", "attempts", "failed", "letter"], [_line(*row) for row in rows])
    else:
        click.echo("There are no dead letters.")
    for each in lists:
        if each["more"]:
            click.echo(f"{each['queue']} has more; --limit shows more of them.")


async def _list(settings: Settings, letters: DeadLetters, queue: str, code: str | None, limit: int) -> Row:
    found = []
    async for letter in letters.walk(code=code, most=None if code else limit + 1):
        found.append(letter)
        if len(found) > limit:
            break
    shown = [_summary(letter) for letter in found[:limit]]
    return {"kind": kind_of(settings, queue), "queue": queue, "letters": shown, "more": len(found) > limit}


def _summary(letter: Letter) -> Row:
    return {
        "letter": letter.id,
        "job": letter.job_id or None,
        "code": letter.code or None,
        "attemptsMade": letter.attempts_made,
        "failedAt": letter.failed_at and moment(round(letter.failed_at.timestamp() * 1000)),
    }


def _line(queue: str, letter: Row) -> Sequence[object]:
    job = letter["job"] or "(unreadable)"
    return (
        queue,
        job,
        letter["code"] or "?",
        letter["attemptsMade"],
        _age(letter["failedAt"]),
        letter["letter"],
    )


def _age(failed_at: str | None) -> str:
    if failed_at is None:
        return "?"
    past = datetime.now(UTC) - datetime.fromisoformat(failed_at)
    return f"{duration(max(past // timedelta(milliseconds=1), 0))} ago"


def show_one(settings: Settings, *, queue: str, wanted: str, with_data: bool, as_json: bool) -> None:
    """Show the letters of one job, the newest first.

    Raises:
        NotFoundError: there is none.
    """
    name = queue_named(settings, queue)

    async def read() -> list[tuple[Letter, str | None]]:
        async with _redis(settings) as (redis, bull):
            letters = DeadLetters(redis, bull, name)
            found = await _found(letters, wanted)
            return [(letter, await letters.data(letter) if with_data else None) for letter in found]

    with naming_redis(settings.redis_url):
        found = asyncio.run(read())
    if as_json:
        shown = [
            _whole(letter) | ({"data": json.loads(data or "null")} if with_data else {})
            for letter, data in found
        ]
        show_json({"kind": kind_of(settings, name), "queue": name, "letters": shown})
        return
    for at, (letter, data) in enumerate(found):
        click.echo("\n" * bool(at), nl=False)
        _show(name, letter, data)


def _whole(letter: Letter) -> Row:
    return {
        **_summary(letter),
        "name": letter.name,
        "failedReason": letter.failed_reason,
        "options": dict(letter.options),
        "stacktrace": list(letter.stacktrace),
    }


def _show(queue: str, letter: Letter, data: str | None) -> None:
    if not letter.readable:
        click.echo(f"The letter {one_line(letter.id)} cannot be read: no bridge has written it.")
        return
    summary = _summary(letter)
    show_pairs(
        (
            ("job", f"{letter.job_id} of {queue} ({letter.name})"),
            ("failed", letter.failed_reason),
            ("at", summary["failedAt"] and f"{summary['failedAt']} ({_age(summary['failedAt'])})"),
            ("attempts", letter.attempts_made),
            ("options", json.dumps(letter.options)),
            ("letter", letter.id),
            ("data", data and data[:LONGEST_DATA]),
        )
    )
    if letter.stacktrace:
        click.echo("\nlast stack trace:")
        for line in letter.stacktrace[-1].splitlines():
            click.echo(f"  {one_line(line)}")


def retry(
    settings: Settings,
    *,
    queue: str,
    wanted: Sequence[str],
    every: bool,
    code: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Retry the jobs of letters.

    Raises:
        NotFoundError: a job that was named has no letter; the others were retried.
        NotAllDoneError: some jobs were not retried.
    """
    _check_choice(wanted, every=every, code=code)
    name = queue_named(settings, queue)

    async def work() -> list[Row]:
        async with _redis(settings) as (redis, bull):
            letters = DeadLetters(redis, bull, name)
            retrying = Retrying(redis, bull, name, letters)
            await bull.load_scripts()
            return [
                await _retried(retrying, letter, as_json=as_json)
                async for letter in _chosen(letters, wanted, code, None, limit)
            ]

    with naming_redis(settings.redis_url):
        done = asyncio.run(work())
    failed = [each for each in done if each["error"]]
    if as_json:
        show_json({"kind": kind_of(settings, name), "queue": name, "letters": done})
    else:
        click.echo(f"{len(done) - len(failed)} of {len(done)} letters were dealt with.")
    if failed:
        raise NotAllDoneError(f"{len(failed)} letters could not be retried; they are where they were.")
    _complain_of_missing(wanted, done, name)


async def _retried(retrying: Retrying, letter: Letter, *, as_json: bool) -> Row:
    outcome, error = None, None
    try:
        outcome = await retrying.retry(letter)
    except NotRetriedError as refusal:
        error = str(refusal)
    if not as_json:
        click.echo(f"{one_line(letter.job_id or letter.id)}: {_told(outcome, error)}")
    return {
        "letter": letter.id,
        "job": letter.job_id or None,
        "outcome": outcome and outcome.name.lower(),
        "error": error,
    }


def _told(outcome: Retried | None, error: str | None) -> str:
    return outcome.value if outcome else f"not retried: {error}"


def purge(
    settings: Settings,
    *,
    queue: str,
    wanted: Sequence[str],
    every: bool,
    code: str | None,
    older_than: float | None,
    limit: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove letters, after a question unless ``yes``.

    Raises:
        NotFoundError: a job that was named has no letter; the letters of the others were removed.
    """
    _check_choice(wanted, every=every, code=code, older_than=older_than)
    name = queue_named(settings, queue)
    before = None if older_than is None else datetime.now(UTC) - timedelta(days=older_than)

    async def chosen() -> list[str]:
        async with _redis(settings) as (redis, bull):
            letters = DeadLetters(redis, bull, name)
            return [each.id async for each in _chosen(letters, wanted, code, before, limit)]

    async def remove(ids: list[str]) -> None:
        async with _redis(settings) as (redis, bull):
            letters = DeadLetters(redis, bull, name)
            await bull.load_scripts()
            for letter_id in ids:
                await letters.remove(letter_id)

    with naming_redis(settings.redis_url):
        ids = asyncio.run(chosen())
        if ids and not yes:
            click.confirm(f"Remove {len(ids)} letters of {name} for good?", abort=True, err=True)
        asyncio.run(remove(ids))
    if as_json:
        show_json({"kind": kind_of(settings, name), "queue": name, "removed": ids})
    else:
        click.echo(f"{len(ids)} letters were removed.")
    if wanted and not ids:
        raise NotFoundError(f"There is no such letter in {name}.dlq.")


@asynccontextmanager
async def _redis(settings: Settings) -> AsyncIterator[tuple[Redis, Bull]]:
    async with connect(settings.redis_url) as redis:
        yield redis, Bull(redis, settings.bullmq_prefix)


async def _found(letters: DeadLetters, wanted: str) -> list[Letter]:
    found = await letters.find(wanted)
    if not found:
        raise NotFoundError(f"There is no dead letter of job {one_line(wanted)} in {letters.queue.name}.")
    return found


async def _chosen(
    letters: DeadLetters, wanted: Sequence[str], code: str | None, before: datetime | None, limit: int | None
) -> AsyncIterator[Letter]:
    """Yield the letters of the jobs that were named, or all that are as asked for."""
    left = limit
    async for letter in _named(letters, wanted) if wanted else letters.walk(code=code):
        if before is not None and (letter.failed_at is None or letter.failed_at > before):
            continue
        if left is not None:
            if not left:
                return
            left -= 1
        yield letter


async def _named(letters: DeadLetters, wanted: Sequence[str]) -> AsyncIterator[Letter]:
    for each in wanted:
        for letter in await letters.find(each):
            yield letter


def _check_choice(
    wanted: Sequence[str], *, every: bool, code: str | None, older_than: float | None = None
) -> None:
    filters = code is not None or older_than is not None
    if bool(wanted) == (every or filters):
        raise click.UsageError("Say which: the IDs of jobs, or --all, or those with a certain --code.")


def _complain_of_missing(wanted: Sequence[str], done: Sequence[Row], queue: str) -> None:
    known = {each[name] for each in done for name in ("job", "letter")}
    missing = [one_line(each) for each in wanted if each not in known]
    if missing:
        raise NotFoundError(f"There is no dead letter in {queue}.dlq of {', '.join(missing)}.")
