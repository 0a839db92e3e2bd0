"""``aiplane submit`` and ``aiplane result``: send a job through BullMQ and show what came back.

An option that is a part of the payload bears the name of its field, so a command's options are the payload.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import click
from redis.exceptions import RedisError

from aiplane.cli.input.files import audio_file, json_list, json_object, text_file
from aiplane.cli.terminal.errors import naming_redis
from aiplane.cli.terminal.screen import say, show_json
from aiplane.client import Client
from aiplane.queues import KINDS
from aiplane.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from aiplane.queues import Kind

TIMEOUT_SECONDS = 5.0
"""How long a job may wait for a slot before a person is told that it does."""

_JOB_OPTIONS = {"payload", "job_id", "no_wait", "timeout"}
_FILE: dict[str, Any] = {"metavar": "FILE"}
_problem = click.option(
    "--problem", "problemDescription", type=text_file, help="The problem description.", **_FILE
)
_language = click.option("--language", metavar="NAME", help="Its programming language, such as python.")
_timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the result.",
)


def _code(field: str) -> Callable[..., Any]:
    return click.option("--code", field, type=text_file, help="The candidate's code.", **_FILE)


def _job(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        _timeout,
        click.option("--no-wait", is_flag=True, help="Print the job's id instead of waiting."),
        click.option("--job-id", metavar="ID", help="An id of your own; nothing is added under one twice."),
        click.option(
            "--payload",
            type=json_object,
            help="The payload as JSON; other options replace fields in it.",
            **_FILE,
        ),
    ):
        command = option(command)
    return command


@click.group()
def submit() -> None:
    """Send a job and print its result as JSON. A FILE of - is standard input."""


@submit.command()
@_problem
@_code("currentCode")
@_language
@click.option(
    "--level",
    "hintLevel",
    type=click.Choice(("gentle", "subtle", "moderate", "direct")),
    help="How much the hint may say; gentle unless told otherwise.",
)
@_job
def hint(**options: Any) -> None:
    """Ask for a hint."""
    needs = {"problemDescription", "language"}
    _send("hint", options, needs=needs, currentCode="", hintLevel="gentle")


@submit.command()
@_problem
@_code("code")
@_language
@click.option("--rubric", multiple=True, metavar="TEXT", help="A category to score; can be repeated.")
@_job
def review(**options: Any) -> None:
    """Ask for a code review."""
    _send("review", options, needs={"problemDescription", "code", "language"})


@submit.command()
@_problem
@_code("currentCode")
@_language
@click.option("--message", "userMessage", metavar="TEXT", help="What the candidate just said.")
@click.option(
    "--history", "conversationHistory", type=json_list, help="The turns so far, as a JSON list.", **_FILE
)
@_job
def interview(**options: Any) -> None:
    """Ask for the interviewer's next reply."""
    _send("interview", options, needs={"problemDescription"}, currentCode="", conversationHistory=[])


@submit.command()
@click.option("--audio", "audioBase64", type=audio_file, help="The recording.", **_FILE)
@click.option("--audio-key", "audioKey", metavar="KEY", help="Its key in the bucket, instead of --audio.")
@click.option("--mime-type", "mimeType", metavar="TYPE", help="Its media type, such as audio/webm.")
@click.option("--language", metavar="TAG", help="The language that is spoken, such as en-GB.")
@_job
def transcribe(**options: Any) -> None:
    """Turn speech into text."""
    _send("transcribe", options, needs={"mimeType"})


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("job_id", metavar="JOB_ID")
@_timeout
def result(kind: Kind, job_id: str, timeout: float) -> None:
    """Wait for a job that was sent earlier and print its result."""

    async def wait() -> None:
        async with _client() as client:
            # A Redis that is not there now is an error; one that goes away later is waited out.
            await client.state(kind, job_id)
            show_json(await _wait_aloud(client, kind, job_id, timeout))

    asyncio.run(wait())


def _send(kind: Kind, options: Mapping[str, Any], *, needs: set[str], **defaults: Any) -> None:
    """Send the job that the options describe.

    Args:
        kind: which kind of job.
        options: everything that the command took.
        needs: the fields that must be there unless a whole payload is given; then the workers judge.
        defaults: the fields that have a value though nobody gave one, likewise.
    """
    fields = {
        name: value for name, value in options.items() if name not in _JOB_OPTIONS and value not in (None, ())
    }
    whole = options["payload"]
    if whole is None:
        _check_given(fields, needs)
        whole = defaults
    patience = None if options["no_wait"] else options["timeout"]
    asyncio.run(_submit(kind, {**whole, **fields}, options["job_id"], patience))


def _check_given(fields: Mapping[str, Any], needs: set[str]) -> None:
    context = click.get_current_context()
    for parameter in context.command.params:
        if parameter.name in needs - set(fields):
            raise click.MissingParameter(ctx=context, param=parameter)


async def _submit(kind: Kind, payload: Mapping[str, Any], job_id: str | None, patience: float | None) -> None:
    async with _client() as client:
        try:
            job_id = await client.submit(kind, payload, job_id=job_id)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        if patience is None:
            click.echo(job_id)
        else:
            show_json(await _wait_aloud(client, kind, job_id, patience))


async def _wait_aloud(client: Client, kind: Kind, job_id: str, patience: float) -> dict[str, Any]:
    """Wait for the result, and tell a person if nobody seems to work on it."""
    waiting = asyncio.create_task(client.wait(kind, job_id, timeout=patience), name=f"wait for {job_id}")
    await asyncio.wait({waiting}, timeout=TIMEOUT_SECONDS)
    if not waiting.done():
        # What is wrong with Redis shows in the waiting itself.
        with suppress(RedisError):
            if await client.state(kind, job_id) in {"waiting", "prioritized"}:
                say(
                    f"The {kind} job {job_id} still waits: no pool has a free slot for it. "
                    "Are the workers running (aiplane up)?"
                )
    return await waiting


@asynccontextmanager
async def _client() -> AsyncIterator[Client]:
    settings = Settings.load()
    with naming_redis(settings.redis_url):
        async with Client(settings) as client:
            yield client
