"""The supervisor of ``aiplane up`` with small stand-in programs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from aiplane.cli.local import child
from aiplane.cli.local.child import NotReadyError, Program
from aiplane.cli.local.supervisor import StoppedBySignalError, Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SERVES = "import signal; print('ready', flush=True); signal.pause()"
SAYS_BYE = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye', flush=True)))
print('ready', flush=True)
signal.pause()
"""
CANNOT_STOP = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('ready', flush=True)
signal.pause()
"""


def program(name: str, code: str, *, grace: float = 10) -> Program:
    command = (sys.executable, "-c", textwrap.dedent(code))
    return Program(name, command, ready="^ready$", grace=grace, env=os.environ)


class Log:
    """What the supervisor wrote, and a way to wait for it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self._changed = asyncio.Condition()

    def write(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self._told = asyncio.ensure_future(self._tell())

    def stops(self) -> None:
        self.write("supervisor", "stops")

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(true)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


others: set[psutil.Process] = set()
"""What earlier tests have left standing by in this process: readers of audio and of code."""


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if child not in others]


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    others.clear()
    others.update(children())
    yield
    assert not children()


async def test_the_block_begins_when_every_program_serves() -> None:
    log = Log()
    async with Supervisor(log.write, [("a", "b")]) as supervisor:
        await supervisor.start([program("a", SERVES), program("b", SERVES)], 20)
        assert sorted(log.lines) == [("a", "ready"), ("b", "ready")]


async def test_a_program_that_ends_before_it_serves_stops_the_others() -> None:
    log = Log()
    with pytest.raises(NotReadyError, match="b ended before it was ready"):
        async with Supervisor(log.write, [("a", "b")]) as supervisor:
            await supervisor.start([program("a", SERVES), program("b", "raise SystemExit('no key')")], 20)
    assert ("b", "no key") in log.lines
    assert ("b", "ended with status 1") in log.lines


async def test_a_program_that_never_serves_is_not_waited_for_longer_than_that() -> None:
    with pytest.raises(NotReadyError, match="a was not ready in time"):
        async with Supervisor(Log().write, [("a",)]) as supervisor:
            await supervisor.start([program("a", "import signal; signal.pause()")], 0.3)


async def test_a_command_that_does_not_exist_is_named() -> None:
    log = Log()
    with pytest.raises(NotReadyError):
        async with Supervisor(log.write, [("a",)]) as supervisor:
            await supervisor.start([Program("a", ("no-such-command",), "ready", 1, os.environ)], 20)
    assert ("a", "no-such-command: No such file or directory") in log.lines


async def test_what_dies_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "RESTART_DELAYS", (0.01,))
    log = Log()
    async with Supervisor(log.write, [("a",)]) as supervisor:
        await supervisor.start([program("a", SERVES)], 20)
        for lives in (2, 3):
            (running,) = children()
            running.kill()
            await log.until(lambda lives=lives: log.lines.count(("a", "ready")) == lives)
    assert ("a", "ended by SIGKILL; it starts again in 0.01 s") in log.lines


async def test_the_programs_stop_in_order() -> None:
    log = Log()
    async with Supervisor(log.write, [("first",), ("second",), ("third",)]) as supervisor:
        await supervisor.start([program("third", SAYS_BYE)], 20)
        await supervisor.start([program("first", SAYS_BYE), program("second", SAYS_BYE)], 20)
    assert [name for name, line in log.lines if line == "bye"] == ["first", "second", "third"]


async def test_what_does_not_stop_is_killed_after_its_grace() -> None:
    log = Log()
    async with Supervisor(log.write, [("a",)]) as supervisor:
        await supervisor.start([program("a", CANNOT_STOP, grace=0.2)], 20)
    assert ("a", "still there after 0.2 s, and killed") in log.lines


async def test_what_a_program_has_started_is_killed_with_it() -> None:
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {CANNOT_STOP!r}])\n{CANNOT_STOP}"
    async with Supervisor(Log().write, [("a",)]) as supervisor:
        await supervisor.start([program("a", code, grace=0.2)], 20)
        running = children()
        assert len(running) == 2
    _, alive = psutil.wait_procs(running, timeout=5)
    assert not alive


async def serve_until_signalled(log: Log, *programs: Program, signals: Sequence[signal.Signals]) -> None:
    """Serve with the programs, which stop in this order, and send this process the signals 0.1 s apart."""
    async with Supervisor(log.write, [(each.name,) for each in programs], log.stops) as supervisor:
        await supervisor.start(programs, 20)
        for number, each in enumerate(signals):
            asyncio.get_running_loop().call_later(number / 10, signal.raise_signal, each)
        await asyncio.Event().wait()


async def test_what_a_dead_program_has_started_dies_too_and_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(child, "RESTART_DELAYS", (0.01,))
    log = Log()
    code = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {CANNOT_STOP!r}])\n{SERVES}"
    async with Supervisor(log.write, [("a",)]) as supervisor:
        await supervisor.start([program("a", code)], 20)
        running = children()
        os.kill(running[0].pid, signal.SIGKILL)
        await log.until(lambda: any("starts again" in line for _, line in log.lines))
        _, alive = psutil.wait_procs(running, timeout=5)
        assert not alive


@pytest.fixture
def hangup() -> Iterator[None]:
    """SIGHUP does what it does to a program in a terminal, also where the tests run under nohup."""
    old = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, old)


@pytest.mark.usefixtures("hangup")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_stops_everything_in_order(number: signal.Signals) -> None:
    log = Log()
    with pytest.raises(StoppedBySignalError, match=number.name):
        await serve_until_signalled(log, program("a", SAYS_BYE), program("b", SAYS_BYE), signals=[number])
    assert log.lines[-3:] == [("supervisor", "stops"), ("a", "bye"), ("b", "bye")]


async def test_a_second_signal_kills_what_is_left() -> None:
    log = Log()
    began = time.monotonic()
    programs = program("a", CANNOT_STOP, grace=60), program("b", SAYS_BYE)
    with pytest.raises(StoppedBySignalError):
        await serve_until_signalled(log, *programs, signals=[signal.SIGINT, signal.SIGINT])
    assert time.monotonic() - began < 30
    assert ("b", "bye") not in log.lines


async def test_a_signal_while_programs_start_leaves_none() -> None:
    asyncio.get_running_loop().call_later(0.01, signal.raise_signal, signal.SIGTERM)
    slow = program("a", "import time; time.sleep(60)")
    with pytest.raises(StoppedBySignalError):
        await serve_until_signalled(Log(), slow, signals=[])


async def test_a_terminal_that_hangs_up_means_nothing_to_nohup() -> None:
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        async with Supervisor(Log().write, [("a",)]) as supervisor:
            signal.raise_signal(signal.SIGHUP)
            await supervisor.start([program("a", SERVES)], 20)
    finally:
        signal.signal(signal.SIGHUP, old)


async def test_output_that_is_no_text_or_has_no_end_is_shown_as_far_as_it_goes() -> None:
    log = Log()
    code = """
        import sys, signal
        sys.stdout.buffer.write(b"\\xff\\xfe\\n" + b"x" * 3_000_000 + b"\\nready\\n")
        sys.stdout.flush()
        signal.pause()
        """
    async with Supervisor(log.write, [("a",)]) as supervisor:
        await supervisor.start([program("a", code)], 20)
    assert log.lines[0] == ("a", "\ufffd\ufffd")
    assert ("a", "(a line too long to show)") in log.lines
    assert max(len(line) for _, line in log.lines) < 2_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_nothing_outlives_a_supervisor_that_is_killed() -> None:
    code = f"""
        import asyncio, os, sys
        from aiplane.cli.local.child import Program
        from aiplane.cli.local.supervisor import Supervisor

        async def main():
            async with Supervisor(lambda *line: print(*line, flush=True), [("a",)]) as supervisor:
                program = Program("a", (sys.executable, "-c", {CANNOT_STOP!r}), "ready", 1, os.environ)
                await supervisor.start([program], 20)
                await asyncio.Event().wait()

        asyncio.run(main())
        """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE
    ) as supervisor:
        assert supervisor.stdout
        assert supervisor.stdout.readline() == b"a ready\n"
        running = psutil.Process(supervisor.pid).children(recursive=True)
        assert running
        supervisor.kill()
    _, alive = psutil.wait_procs(running, timeout=10)
    assert not alive
