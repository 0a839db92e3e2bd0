"""One program that is kept running until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aiplane.context.backoff import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RESTART_DELAYS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before each restart in a row; the last one is repeated."""

LASTING_SECONDS = 60.0
"""A program that ran for so long is restarted as if it had never ended before."""

_DIE_WITH_PARENT = str(Path(__file__).with_name("die_with_parent.py"))
_LONGEST_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    """A program's start, readiness and stop.

    Attributes:
        name: what its lines of output begin with.
        command: its argument vector.
        ready: a pattern of the line that it prints once it serves.
        grace: seconds between SIGTERM and SIGKILL.
        env: its whole environment.
    """

    name: str
    command: tuple[str, ...]
    ready: str
    grace: float
    env: Mapping[str, str] = field(repr=False)


class NotReadyError(Exception):
    """Program that ended, or took too long, before it served.

    Attributes:
        program: its name.
    """

    def __init__(self, program: str, how: str) -> None:
        super().__init__(program, how)
        self.program = program

    def __str__(self) -> str:
        """Say which and how."""
        return f"{self.program} {self.args[1]}; its output tells why"


class Child:
    """A running program. It is started again when it ends, later each time that it does not last.

    Its process leads a session of its own, so that a Ctrl-C in the terminal reaches the supervisor only, and
    dies with the supervisor (:mod:`aiplane.cli.local.die_with_parent`).
    """

    def __init__(self, program: Program, write: Callable[[str, str], None]) -> None:
        """Start the program, within a running event loop.

        Args:
            program: what to run.
            write: takes the program's name and a line, of its output or about it.
        """
        self._program = program
        self._write = write
        self._stopping = asyncio.Event()
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._process: asyncio.subprocess.Process | None = None
        self._keeper = asyncio.create_task(self._keep(), name=f"keeper of {program.name}")

    async def ready(self, seconds: float) -> None:
        """Wait until the program serves for the first time.

        Raises:
            NotReadyError: it ended first, or does not serve after ``seconds``.
        """
        await asyncio.wait({self._ready, self._keeper}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            how = "ended before it was ready" if self._keeper.done() else "was not ready in time"
            raise NotReadyError(self._program.name, how)

    async def stop(self) -> None:
        """End the program: SIGTERM, and SIGKILL if it is still there after its grace."""
        self._stopping.set()
        self._signal(signal.SIGTERM)
        await asyncio.wait({self._keeper}, timeout=self._program.grace)
        if not self._keeper.done():
            self._tell(f"still there after {self._program.grace:g} s, and killed")
            self.kill()
        await self._keeper

    def kill(self) -> None:
        """End the program at once, with whatever it started."""
        self._stopping.set()
        self._signal(signal.SIGKILL)

    def _tell(self, line: str) -> None:
        # What nobody can be told must not end what looks after the program.
        with suppress(OSError):
            self._write(self._program.name, line)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)

    async def _keep(self) -> None:
        delays = listed(RESTART_DELAYS)
        while not self._stopping.is_set():
            started = time.monotonic()
            ending = await self._run()
            if self._stopping.is_set():
                return
            if not self._ready.done():
                # What never served will not serve the second time either: a setting is wrong.
                self._tell(ending)
                return
            if time.monotonic() - started > LASTING_SECONDS:
                delays = listed(RESTART_DELAYS)
            delay = next(delays)
            self._tell(f"{ending}; it starts again in {delay:g} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), delay)

    async def _run(self) -> str:
        """Run the program once, with what it starts, and tell how it ended."""
        try:
            self._process, output = await self._spawn()
        except OSError as error:
            return f"could not be started ({error.strerror})"
        copying = asyncio.create_task(self._copy(output), name=f"output of {self._program.name}")
        if self._stopping.is_set():
            self.kill()
        status = await self._process.wait()
        # What it started is of no use without it, and may hold the output open.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await copying
        return f"ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"

    async def _spawn(self) -> tuple[asyncio.subprocess.Process, asyncio.StreamReader]:
        # A pipe of our own: asyncio's would keep wait() from returning while anybody holds it open.
        reading, writing = os.pipe()
        output = asyncio.StreamReader(limit=_LONGEST_LINE)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), os.fdopen(reading, "rb", buffering=0)
        )
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", _DIE_WITH_PARENT, str(os.getpid())),
                *self._program.command,
                env=self._program.env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                start_new_session=True,
            )
        finally:
            os.close(writing)
        return process, output

    async def _copy(self, output: asyncio.StreamReader) -> None:
        while True:
            try:
                raw = await output.readline()
            except ValueError:
                raw = b"(a line too long to show)\n"
            if not raw:
                return
            line = raw.decode(errors="replace").rstrip()
            self._tell(line)
            if not self._ready.done() and re.search(self._program.ready, line):
                self._ready.set_result(None)
