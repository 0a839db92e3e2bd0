"""``aiplane up`` and ``demo`` whose output goes nowhere end when they are told to, and leave nothing."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from redis import RedisError

from aiplane.ledger.leases import LeaseStore
from aiplane.redis.clients import connect_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROCESSES = 5
"""A bridge and four pools, each with a lease."""


class Run:
    """One command line whose output a test does to what it likes."""

    def __init__(self, arguments: str, folder: Path, output: int | None = None) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("REDIS", "CELERY"))}
        env |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}", "APP_ENV": "test"}
        output = subprocess.DEVNULL if output is None else output
        self.popen = subprocess.Popen(
            ["/bin/sh", "-c", f"exec aiplane {arguments}"],
            cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
        self._started: set[psutil.Process] = set()

    def children(self) -> set[psutil.Process]:
        self._started.update(psutil.Process(self.popen.pid).children(recursive=True))
        return self._started

    def await_plane(self) -> None:
        """Wait until all of the plane's processes serve, which no line of output can tell here."""
        deadline = time.monotonic() + 60
        while self._living() < PROCESSES:
            assert self.popen.poll() is None, "it ended by itself"
            assert time.monotonic() < deadline
            time.sleep(0.1)
        self.children()

    def end(self, number: signal.Signals) -> int:
        """Send a signal, and return the exit status."""
        self.popen.send_signal(number)
        return self.popen.wait(40)

    def left(self) -> list[psutil.Process]:
        """Return what is still there of all that it has started."""
        _, alive = psutil.wait_procs(self._started, timeout=5)
        return alive

    def _living(self) -> int:
        for child in self.children():
            title = ""
            with suppress(psutil.Error):
                title = " ".join(child.cmdline())
            if server := re.search(r"redis-server .*:(\d+)", title):
                return self._leases(int(server[1]))
        return 0

    def _leases(self, port: int) -> int:
        try:
            with closing(connect_thread(f"redis://127.0.0.1:{port}/0", timeout=2)) as redis:
                roll = LeaseStore(redis, "bull").look()
        except (OSError, RedisError):
            return 0
        return sum(bool(holder.slots or holder.role == "bridge") for holder, _ in roll.seen.values())


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start commands, and end at the last what a test has left."""
    runs: list[Run] = []

    def begin(arguments: str, output: int | None = None) -> Run:
        runs.append(Run(arguments, tmp_path, output))
        return runs[-1]

    yield begin
    for run in runs:
        run.popen.kill()
        run.popen.wait()
        for each in run.left():
            each.kill()


def pipe(size: int | None = None) -> tuple[int, int]:
    """Return a pipe, whose room may be small."""
    reading, writing = os.pipe()
    if size is not None:
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, size)
    return reading, writing


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_whose_reader_is_gone_ends_when_told_to(start: Callable[..., Run], number: signal.Signals) -> None:
    reading, writing = pipe()
    run = start("up", writing)
    os.close(writing)
    assert os.read(reading, 1)
    os.close(reading)
    run.await_plane()
    assert run.end(number) == 0
    assert run.left() == []


def test_up_whose_reader_does_not_read_ends_when_told_to(start: Callable[..., Run]) -> None:
    reading, writing = pipe(4096)
    run = start("up", writing)
    run.await_plane()
    assert run.end(signal.SIGINT) == 0
    assert run.left() == []
    os.close(reading)
    os.close(writing)


def test_up_without_output_ends_when_told_to(start: Callable[..., Run]) -> None:
    run = start("up >&- 2>&- <&-")
    run.await_plane()
    assert run.end(signal.SIGTERM) == 0
    assert run.left() == []


def test_up_whose_terminal_is_gone_ends_when_told_to(start: Callable[..., Run]) -> None:
    here, there = pty.openpty()
    run = start("up", there)
    os.close(there)
    run.await_plane()
    os.close(here)
    assert run.end(signal.SIGHUP) == 0
    assert run.left() == []


def test_up_can_be_started_again_after_its_reader_has_gone(start: Callable[..., Run]) -> None:
    for _ in range(2):
        reading, writing = pipe()
        run = start("up", writing)
        os.close(writing)
        os.close(reading)
        run.await_plane()
        assert run.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("arguments", ["demo", "demo --verbose"])
def test_a_demo_whose_reader_is_gone_says_so_and_leaves_nothing(
    start: Callable[..., Run], arguments: str
) -> None:
    reading, writing = pipe()
    run = start(arguments, writing)
    os.close(writing)
    assert os.read(reading, 1)
    os.close(reading)
    run.await_plane()
    assert run.popen.wait(60) == 1
    assert run.left() == []


def test_a_demo_whose_reader_does_not_read_ends_when_told_to(start: Callable[..., Run]) -> None:
    reading, writing = pipe(4096)
    run = start("demo --verbose", writing)
    run.await_plane()
    run.end(signal.SIGINT)
    assert run.left() == []
    os.close(reading)
    os.close(writing)
