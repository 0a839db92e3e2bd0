"""``aiplane demo``: start everything, send one job of each kind through BullMQ, show the answers, stop it.

It touches nothing that exists: its Redis is its own, or its keys are, under a prefix that nobody else uses.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from aiplane.cli.input.examples import example
from aiplane.cli.local.child import NotReadyError
from aiplane.cli.local.workers import running_plane
from aiplane.cli.terminal.errors import DemoFailedError, naming_redis
from aiplane.cli.terminal.screen import labelled, prefixed, say, show_json
from aiplane.cli.terminal.teller import telling
from aiplane.client import Client, JobFailedError
from aiplane.ledger.runs import ledger_prefix
from aiplane.queues import KINDS
from aiplane.redis.clients import connect
from aiplane.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from aiplane.cli.terminal.teller import Teller
    from aiplane.queues import Kind

OFFLINE_SECONDS = 30.0
"""How long a job may take without a model; with one, two calls longer."""

LINES_SHOWN = 20
"""How much is shown of the output of a process that does not start."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Outcome of one example job.

    Attributes:
        kind: the kind of job.
        seconds: from its submission to its end.
        result: its result; None if there is none.
        failure: why there is none.
        expected: whether it ended as it should under the present settings.
    """

    kind: Kind
    seconds: float
    result: dict[str, Any] | None = field(default=None, repr=False)
    failure: str = ""
    expected: bool = True

    @property
    def verdict(self) -> str:
        """The outcome in a word or two."""
        if self.result is not None:
            return "completed"
        return "failed, as expected" if self.expected else "failed"


@click.command()
@click.option("--verbose", "-v", is_flag=True, help="Show what the processes print.")
def demo(verbose: bool) -> None:
    """Start everything, send one example job of each kind, show the results and stop it."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("CELERY_")}
    shared = bool(given.get("REDIS_URL", "").strip())
    env = {**given, "BULLMQ_PREFIX": f"aiplane-demo-{secrets.token_hex(4)}"} if shared else given
    settings = Settings.load(env)
    with telling() as teller, naming_redis(settings.redis_url), _workplace() as folder:
        trials = asyncio.run(_demo(settings, env, folder, teller, verbose=verbose, shared=shared))
        teller.tell(lambda: _show_table(trials))
        if wrong := [trial.kind for trial in trials if not trial.expected]:
            raise DemoFailedError(f"not as expected: {', '.join(wrong)}")
    if teller.failure is not None:
        raise teller.failure


@contextmanager
def _workplace() -> Iterator[Path]:
    """Lend a directory; if the demo fails, the processes' output stays in it."""
    folder = Path(tempfile.mkdtemp(prefix="aiplane-demo-"))
    try:
        yield folder
    except (DemoFailedError, NotReadyError) as error:
        for data in ("redis", "postgres"):
            shutil.rmtree(folder / data, ignore_errors=True)
        log = _log_in(folder)
        if isinstance(error, NotReadyError):
            _show_output(log, error.program)
        raise DemoFailedError(f"{error}. All that was printed is in {log}") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _show_output(log: Path, program: str) -> None:
    lines = log.read_text("utf-8").splitlines()
    own = [line for line in lines if line.startswith(labelled(program, ""))]
    for line in own[-LINES_SHOWN:]:
        say(line)


def _log_in(folder: Path) -> Path:
    return folder / "output.log"


async def _demo(
    settings: Settings,
    env: Mapping[str, str],
    folder: Path,
    teller: Teller,
    *,
    verbose: bool,
    shared: bool,
) -> list[Trial]:
    _introduce(settings, teller)
    started = time.monotonic()
    async with AsyncExitStack() as stack:
        log = stack.enter_context(_log_in(folder).open("w", encoding="utf-8", buffering=1))

        def write(name: str, line: str) -> None:
            log.write(labelled(name, line) + "\n")
            if verbose:
                teller.tell(partial(prefixed, err=True), name, line)

        if shared:
            await stack.enter_async_context(_own_keys(settings))
        reached = await stack.enter_async_context(
            running_plane(settings, env, write, data=folder / "redis", hurry=True)
        )
        seconds = time.monotonic() - started
        teller.tell(say, f"Everything is up after {seconds:.1f} s; one job of each kind is on its way.")
        client = await stack.enter_async_context(Client(reached.settings))
        trials = [
            asyncio.create_task(_try(client, reached.settings, kind), name=f"demo {kind}") for kind in KINDS
        ]
        for trial in asyncio.as_completed(trials):
            teller.tell(partial(_show, await trial))
        teller.tell(say, "Stopping everything.")
        return [trial.result() for trial in trials]


def _introduce(settings: Settings, teller: Teller) -> None:
    if settings.llm_provider == "offline":
        teller.tell(say, "Offline coach: no model is called. With OPENAI_API_KEY set, a model is asked.")
    else:
        models = sorted({settings.model(kind) for kind in ("hint", "review", "interview")})
        teller.tell(say, f"Language model: {', '.join(models)} ({settings.llm_provider})")
    teller.tell(say, "Starting the bridge and the pools …")


async def _try(client: Client, settings: Settings, kind: Kind) -> Trial:
    patience = OFFLINE_SECONDS
    if settings.llm_provider != "offline":
        patience += 2 * settings.llm_timeout_seconds
    started = time.monotonic()
    off = kind == "transcribe" and settings.stt_provider == "none"
    try:
        job_id = await client.submit(kind, example(kind), options={"attempts": 1})
        result = await client.wait(kind, job_id, timeout=patience)
    except JobFailedError as error:
        expected = off and error.code == "stt_disabled"
        return Trial(kind, time.monotonic() - started, failure=str(error), expected=expected)
    except TimeoutError:
        failure = f"no answer within {patience:g} s"
        return Trial(kind, time.monotonic() - started, failure=failure, expected=False)
    return Trial(kind, time.monotonic() - started, result, expected=not off)


def _show(trial: Trial) -> None:
    click.secho(f"\n{trial.kind}: {trial.verdict} in {trial.seconds:.2f} s", bold=True)
    if trial.result is not None:
        show_json(trial.result)
        return
    click.echo(trial.failure)
    if trial.expected:
        click.echo("Set STT_PROVIDER to have speech transcribed; the README lists the providers.")


def _show_table(trials: list[Trial]) -> None:
    table = Table("job", "ended", "seconds")
    for trial in trials:
        table.add_row(trial.kind, trial.verdict, f"{trial.seconds:.2f}")
    Console(stderr=True).print(table)


@asynccontextmanager
async def _own_keys(settings: Settings) -> AsyncIterator[None]:
    """Remove the demo's keys from a Redis that is not its own, after everything else has stopped."""
    try:
        yield
    finally:
        async with connect(settings.redis_url) as redis:
            for prefix in (f"{settings.bullmq_prefix}:", ledger_prefix(settings.bullmq_prefix)):
                async for key in redis.scan_iter(f"{prefix}*", count=1000):
                    await redis.unlink(key)
