"""Feeders, which add jobs and consume results: one for everything on BullMQ, its like for Celery."""

from __future__ import annotations

import json
import select
from typing import TYPE_CHECKING, Any

from bench.program import Program, ProgramError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Feeder:
    """A feeder's process, and the commands that it takes; see ``bullmq.mjs``."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.lasts: dict[str, float] = {}
        """When the last result of each queue came, of those that the last :meth:`results` returned."""

    def consume(self, queues: Sequence[str]) -> None:
        """Listen for results, from now on."""
        self._do("consume", queues=queues)

    def add(self, *batches: dict[str, Any], timeout: float = 120) -> float:
        """Add jobs; return when it began, in epoch milliseconds."""
        return float(self._do("add", batches=batches, timeout=timeout)["began"])

    def refill(self, batch: dict[str, Any], step: int) -> None:
        """Add as many jobs as end, in steps, until a batch is added. It does not wait."""
        self._do("refill", batch=batch, step=step)

    def pause(self, queue: str) -> None:
        """Pause a queue; wait for the jobs that run, and forget their results."""
        self._do("pause", queue=queue)

    def resume(self, queue: str) -> None:
        """Let a paused queue go on."""
        self._do("resume", queue=queue)

    def count(self) -> int:
        """Return how many results came since the last :meth:`results`."""
        return int(self._do("count", timeout=None)["count"])

    def results(self, count: int, timeout: float = 120) -> list[float]:
        """Wait for so many results; return when each came, in epoch milliseconds, the first first."""
        said = self._do("results", count=count, timeout=timeout)
        self.lasts = said.get("lasts", {})
        return list(said["times"])

    def one_by_one(self, batch: dict[str, Any], *, warm: int, timeout: float = 120) -> list[float]:
        """Add a job when the last one's result has come; return the milliseconds that each took."""
        return list(self._do("one by one", batch=batch, warm=warm, timeout=timeout)["took"])

    def _do(self, command: str, *, timeout: float | None = 60, **arguments: Any) -> dict[str, Any]:
        popen = self.program.popen
        assert popen.stdin
        assert popen.stdout
        if command in ("results", "one by one"):
            arguments["timeout"] = timeout
        popen.stdin.write(json.dumps({"do": command, **arguments}).encode() + b"\n")
        popen.stdin.flush()
        if not select.select([popen.stdout], [], [], timeout or 60)[0]:
            raise ProgramError(f"the feeder did not {command} within {timeout} s:\n{self.program.tail()}")
        line = popen.stdout.readline()
        if not line:
            raise ProgramError(f"the feeder ended:\n{self.program.tail()}")
        return dict(json.loads(line))
