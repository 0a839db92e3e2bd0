"""Real processes for tests: one command, and the whole plane as its Procfile starts it.

Nothing here outlives the test run: every process is killed when its block ends, when the interpreter
exits and (on Linux) when the interpreter is killed.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

REPOSITORY = Path(__file__).parents[2]
KINDS = ("hint", "review", "interview", "transcribe")
RUNNING: set[Process] = set()
"""Every process of this test run that has not been reaped yet."""


class Process:
    """One command in a process group of its own; its output is read as it is written.

    Used as a context manager, it is killed at the end of the block. Signals go to the leader, as a
    supervisor sends them; only :meth:`kill` reaches the whole group.

    Args:
        name: what the log's tail is titled with when a test fails.
        command: the argument vector; the first word is looked up in the ``PATH`` of ``env``.
        env: the whole environment, not additions to it.
        cwd: where it runs; the repository by default.
        on_line: called with every line of output, on the reading thread. It must not raise.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path = REPOSITORY,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.name = name
        self.lines: list[str] = []
        self._on_line = on_line
        self._changed = threading.Condition()
        self._ended = False
        self._popen = subprocess.Popen(
            [*_dying_with_us(), *command],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        )
        RUNNING.add(self)
        self._reader = threading.Thread(target=self._read, name=f"log of {name}", daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def tail(self, count: int = 60) -> str:
        """Return the last lines of output, each cut to what a person reads."""
        return "\n".join(line[:400] for line in self.lines[-count:])

    def mark(self) -> int:
        """Return the place in the log to pass as ``after`` when only what comes later counts."""
        return len(self.lines)

    def wait_for_log(self, pattern: str, timeout: float = 30.0, *, after: int = 0) -> re.Match[str]:
        """Return the first match of ``pattern`` in a line of output from ``after`` on.

        Raises:
            AssertionError: the process ended, or ``timeout`` seconds passed, without such a line.
        """
        deadline = time.monotonic() + timeout
        position = after
        with self._changed:
            while True:
                for line in self.lines[position:]:
                    if match := re.search(pattern, line):
                        return match
                position = max(position, len(self.lines))
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    how = "ended" if self._ended else f"ran for {timeout} s"
                    raise AssertionError(f"{self.name} {how} without logging {pattern!r}:\n{self.tail()}")
                self._changed.wait(left)

    def send_line(self, line: str) -> None:
        """Write one line to the process's standard input."""
        assert self._popen.stdin
        self._popen.stdin.write(line + "\n")
        self._popen.stdin.flush()

    def close_stdin(self) -> None:
        """Tell the process that nothing more will come."""
        assert self._popen.stdin
        self._popen.stdin.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process; one that has ended is left alone."""
        self._popen.send_signal(number)

    def terminate(self) -> None:
        """Ask the process to end, and do not wait."""
        self.signal(signal.SIGTERM)

    def stop(self) -> None:
        """Freeze the process where it stands."""
        self.signal(signal.SIGSTOP)

    def cont(self) -> None:
        """Let a frozen process go on."""
        self.signal(signal.SIGCONT)

    def wait(self, timeout: float = 30.0) -> int:
        """Return the exit code.

        Raises:
            AssertionError: it still runs after ``timeout`` seconds.
        """
        try:
            code = self._popen.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{self.name} still runs after {timeout} s:\n{self.tail()}") from error
        self._reader.join(5)
        RUNNING.discard(self)
        return code

    def kill(self) -> None:
        """End the process and its children with SIGKILL, and reap it. Idempotent."""
        if self.alive:
            os.killpg(self.pid, signal.SIGKILL)
        self.wait()
        for stream in (self._popen.stdin, self._popen.stdout):
            assert stream
            try:
                stream.close()
            except BrokenPipeError:
                continue  # What was still buffered for a process that is gone.

    def _read(self) -> None:
        assert self._popen.stdout
        for raw in self._popen.stdout:
            line = raw.rstrip("\n")
            if self._on_line:
                self._on_line(line)
            with self._changed:
                self.lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class Plane:
    """The bridge and the pools, started by the Procfile's own lines against one Redis and one provider.

    Used as a context manager, all of it is ready inside the block and gone after it.

    Args:
        redis_url: the Redis that BullMQ and Celery share.
        provider_url: the OpenAI-compatible server that stands in for the paid one.
        env: settings on top of those for tests.
        kinds: the pools to start.
    """

    def __init__(
        self,
        redis_url: str,
        provider_url: str,
        *,
        env: Mapping[str, str] | None = None,
        kinds: Iterable[str] = KINDS,
    ) -> None:
        self.env = plane_environment(redis_url, provider_url) | dict(env or {})
        self.kinds = tuple(kinds)
        self.processes: list[Process] = []
        self.pools: dict[str, Process] = {}
        self.bridge: Process

    def __enter__(self) -> Self:
        try:
            self.bridge = self.start("bridge")
            self.pools = {kind: self.start(kind) for kind in self.kinds}
            for process in (self.bridge, *self.pools.values()):
                await_ready(process)
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.terminate()
        deadline = time.monotonic() + 10
        for process in self.processes:
            if process.alive:
                try:
                    process.wait(max(0.1, deadline - time.monotonic()))
                except AssertionError:
                    break
        self.kill()

    def start(self, line: str, *, arguments: str = "", env: Mapping[str, str] | None = None) -> Process:
        """Start one line of the Procfile, with more arguments if wanted, and do not wait for it."""
        command = f"exec {procfile()[line]} {arguments}"
        process = Process(line, ["/bin/sh", "-c", command], env=self.env | dict(env or {}))
        self.processes.append(process)
        return process

    def kill(self) -> None:
        """End everything that was started, at once."""
        for process in self.processes:
            process.kill()


def await_ready(process: Process, timeout: float = 60.0) -> None:
    """Wait until a process that :class:`Plane` started says that it serves."""
    process.wait_for_log(r"bridge is ready" if process.name == "bridge" else r"@\S+ ready\.", timeout)


def procfile() -> dict[str, str]:
    """Return the command of every line of the repository's Procfile by its name."""
    text = (REPOSITORY / "Procfile").read_text()
    return dict(re.findall(r"^([\w-]+):\s*(.+?)\s*$", text, flags=re.MULTILINE))


def plane_environment(redis_url: str, provider_url: str) -> dict[str, str]:
    """Return the environment of a plane under test: this one's, and settings that cost nobody money."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
        "APP_ENV": "test",
        "LOG_LEVEL": "info",
        "REDIS_URL": redis_url,
        "LLM_PROVIDER": "openai",
        "LLM_MODEL": "test-model",
        "STT_PROVIDER": "openai",
        "OPENAI_API_KEY": "test",
        "OPENAI_BASE_URL": provider_url,
    }


def _dying_with_us() -> tuple[str, ...]:
    """Return the words before a command that end it when the thread that started it is gone.

    ``preexec_fn`` could do the same, but not safely in a process with threads.
    """
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()


@atexit.register
def _kill_all() -> None:
    for process in list(RUNNING):
        process.kill()
