"""``celery -A aiplane dead retry`` and ``dead purge``: the dead letters, requeued or removed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from aiplane.bull import iso_now
from aiplane.cli.operators.queue_argument import kind_of, open_queues, queue_named
from aiplane.cli.terminal.errors import NotAllDoneError, NotFoundError, naming_redis
from aiplane.cli.terminal.screen import one_line, show_json
from aiplane.operations.audit_trail import announce, kept_lines, person
from aiplane.operations.dead_letters import DeadLetters
from aiplane.operations.requeue import NotRetriedError, Retried, Retrying

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import timedelta

    from aiplane.operations.dead_letters import Letter
    from aiplane.settings import Settings

Row = dict[str, Any]


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
        async with open_queues(settings) as (redis, bull):
            letters = DeadLetters(redis, bull, name)
            who = person()
            retrying = Retrying(redis, bull, name, letters, who=who)
            await bull.load_scripts()
            done: list[Row] = []
            try:
                async for letter in _chosen(letters, wanted, code, None, limit):
                    # One by one, so that what was done is told though the next one fails.
                    row = await _retried(retrying, letter, as_json=as_json)
                    done += [row]
            finally:
                jobs = [str(each["job"]) for each in done if not each["error"]]
                await announce(redis, bull.prefix, who=who, did="retried dead jobs", queue=name, jobs=jobs)
            return done

    with naming_redis(settings.redis_url):
        done = asyncio.run(work())
    failed = [each for each in done if each["error"]]
    if as_json:
        show_json({"kind": kind_of(settings, name), "queue": name, "letters": done})
    else:
        click.echo(f"Dealt with {len(done) - len(failed)} of {_letters(len(done))}.")
    if failed:
        raise NotAllDoneError(f"{_letters(len(failed))} could not be retried, and stayed where they were.")
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


def _letters(number: int) -> str:
    return "1 letter" if number == 1 else f"{number} letters"


def _told(outcome: Retried | None, error: str | None) -> str:
    return outcome.value if outcome else f"not retried: {error}"


def purge(
    settings: Settings,
    *,
    queue: str,
    wanted: Sequence[str],
    every: bool,
    code: str | None,
    older_than: timedelta | None,
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
    before = None if older_than is None else datetime.now(UTC) - older_than

    async def chosen() -> tuple[list[Letter], list[str]]:
        async with open_queues(settings) as (redis, bull):
            letters = DeadLetters(redis, bull, name)
            found = [each async for each in _chosen(letters, wanted, code, before, limit)]
            return found, [each for each in wanted if not await letters.find(each)]

    with naming_redis(settings.redis_url):
        found, missing = asyncio.run(chosen())
        ids = [each.id for each in found]
        if ids and not yes:
            click.confirm(f"Remove {_letters(len(ids))} of {name} for good?", abort=True, err=True)
        asyncio.run(_remove(settings, name, found))
    if as_json:
        show_json({"kind": kind_of(settings, name), "queue": name, "removed": ids})
    else:
        click.echo(f"Removed {_letters(len(ids))}.")
    _complain(missing, name)


async def _remove(settings: Settings, queue: str, found: Sequence[Letter]) -> None:
    async with open_queues(settings) as (redis, bull):
        letters, jobs, who, removed = DeadLetters(redis, bull, queue), bull.queue(queue), person(), []
        await bull.load_scripts()
        try:
            for letter in found:
                line = f"{iso_now()} the dead letter was purged by {who}"
                note = jobs.logging(letter.job_id, line, kept_lines(letter.options))
                known = letter.readable and not jobs.is_own_key(letter.job_id)
                await letters.remove(letter.id, note if known else None)
                removed.append(letter.job_id or letter.id)
        finally:
            await announce(redis, bull.prefix, who=who, did="purged dead letters", queue=queue, jobs=removed)


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
    wanted: Sequence[str], *, every: bool, code: str | None, older_than: timedelta | None = None
) -> None:
    filters = code is not None or older_than is not None
    if bool(wanted) == (every or filters):
        raise click.UsageError("Say which: the IDs of jobs, or --all, or those with a certain --code.")


def _complain_of_missing(wanted: Sequence[str], done: Sequence[Row], queue: str) -> None:
    known = {each[name] for each in done for name in ("job", "letter")}
    _complain([each for each in wanted if each not in known], queue)


def _complain(missing: Sequence[str], queue: str) -> None:
    if missing:
        raise NotFoundError(f"There is no dead letter in {queue}.dlq of {', '.join(map(one_line, missing))}.")
