"""One process of a run: started with its log in a file, measured from outside, killed at the end.

Its log goes to a file and not through a pipe: reading thousands of lines a second would take from the
machine what is to be measured.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_LOOK_EVERY = 0.02
"""Seconds between two looks at a log for the line that says that the process is ready."""

_dying_with_us = ("setpriv", "--pdeathsig", "KILL", "--") if shutil.which("setpriv") else ()
"""What ends a process when the one that started it is killed, so that no run outlives its harness."""


class ProgramError(Exception):
    """Process that ended, or said nothing of what was waited for."""


class Program:
    """A process in a group of its own.

    Args:
        name: what the figures call it.
        command: the argument vector.
        env: the whole environment.
        cwd: where it runs.
        log: the file that gets what it writes.
        talks: whether its standard output is a pipe that is read as it comes, and not its log.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        talks: bool = False,
    ) -> None:
        self.name = name
        self._log = log
        with log.open("wb") as file:
            self.popen = subprocess.Popen(
                [*_dying_with_us, *command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else file,
                stderr=file,
                process_group=0,
            )
        self._process = psutil.Process(self.popen.pid)

    def wait_for(self, pattern: str, timeout: float = 60.0) -> re.Match[str]:
        """Return the first match of ``pattern`` in the log.

        Raises:
            ProgramError: there is none within ``timeout`` seconds, or the process ended without it.
        """
        deadline = time.monotonic() + timeout
        while True:
            ended = self.popen.poll() is not None
            text = self._log.read_text(errors="replace")
            if match := re.search(pattern, text):
                return match
            if ended or time.monotonic() > deadline:
                raise ProgramError(f"{self.name} did not log {pattern!r}:\n{text[-4000:]}")
            time.sleep(_LOOK_EVERY)

    def tail(self) -> str:
        """Return the end of the log."""
        return self._log.read_text(errors="replace")[-4000:]

    def cpu(self) -> float:
        """Return the seconds of CPU that the process and its children have used."""
        times = [each.cpu_times() for each in self._tree()]
        return float(
            sum(part.user + part.system + part.children_user + part.children_system for part in times)
        )

    def memory(self) -> dict[str, float]:
        """Return megabytes: ``rss`` of the process alone, ``pss`` of it and of its children together.

        Pages that processes share count in the RSS of each, and in the PSS of all together once.
        """
        rss = self._process.memory_info().rss
        pss = sum(each.memory_full_info().pss for each in self._tree())
        return {"rss": round(rss / 1e6, 1), "pss": round(pss / 1e6, 1)}

    def rss(self) -> float:
        """Return the megabytes of RSS of the process alone; quick enough to be asked often."""
        return round(float(self._process.memory_info().rss) / 1e6, 1)

    def ports(self) -> set[int]:
        """Return the local ports of its connections."""
        every = [each.net_connections("tcp") for each in self._tree()]
        return {connection.laddr.port for connections in every for connection in connections}

    def kill(self) -> None:
        """End it and its children."""
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        for stream in (self.popen.stdin, self.popen.stdout):
            if stream is not None:
                stream.close()

    def _tree(self) -> Iterator[psutil.Process]:
        yield self._process
        yield from self._process.children(recursive=True)
