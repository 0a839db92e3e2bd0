"""``celery -A aiplane dead list`` and ``dead show``: the dead letters, read."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from aiplane.cli.operators.queue_argument import kind_of, open_queues, queue_named
from aiplane.cli.terminal.columns import duration, moment, show_pairs, show_table
from aiplane.cli.terminal.errors import NotFoundError, naming_redis
from aiplane.cli.terminal.screen import one_line, show_json
from aiplane.operations.dead_letters import DeadLetters
from aiplane.queues import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiplane.operations.dead_letters import Letter
    from aiplane.settings import Settings

Row = dict[str, Any]

LONGEST_DATA = 1_000_000
"""Characters of a payload that a terminal is given; ``--json`` gives all of it."""


def show_list(
    settings: Settings,
    *,
    queue: str | None,
    code: str | None,
    older_than: timedelta | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the letters of one queue, or of all."""
    before = None if older_than is None else datetime.now(UTC) - older_than
    names = [queue_named(settings, queue)] if queue else [settings.queue_name(kind) for kind in KINDS]

    async def read() -> list[Row]:
        async with open_queues(settings) as (redis, bull):
            return [
                await _list(
                    settings, DeadLetters(redis, bull, name), name, code=code, before=before, limit=limit
                )
                for name in names
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


async def _list(
    settings: Settings,
    letters: DeadLetters,
    queue: str,
    *,
    code: str | None,
    before: datetime | None,
    limit: int,
) -> Row:
    found = []
    most = limit + 1 if code is None and before is None else None
    async for letter in letters.walk(code=code, most=most):
        if before is not None and (letter.failed_at is None or letter.failed_at > before):
            continue
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
        async with open_queues(settings) as (redis, bull):
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


async def _found(letters: DeadLetters, wanted: str) -> list[Letter]:
    found = await letters.find(wanted)
    if not found:
        raise NotFoundError(f"There is no dead letter of job {one_line(wanted)} in {letters.queue.name}.")
    return found
