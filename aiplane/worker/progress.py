"""Progress and log of a job, for whoever looks at it with BullMQ's own tools.

A task says :func:`reached` and :func:`remark` wherever it is; only where a job of BullMQ's is behind it does
that reach anybody. A line is for a person and holds our own words: never one of the payload, of the prompt or
of the answer.

What is said is written a moment later (:mod:`aiplane.worker.progress_writer`), and a worker that was given up
for dead and comes back may still say something. It cannot bring a job back that is gone, and it moves
nothing: a job's state is not looked up here by anybody. Its attempt stands in every line and every value, so
it is not taken for the attempt that runs now; the next step of that one is shown again.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from aiplane.bull import KEEP_LOGS, Note
from aiplane.ledger.runs import attempt_of
from aiplane.redis.untrusted_json import whole_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.errors import JobError
    from aiplane.worker.progress_writer import ProgressWriter

Step = Literal["taken", "asked", "checked", "spoken"]

PERCENT: Mapping[Step, int] = MappingProxyType({"taken": 10, "asked": 25, "checked": 75, "spoken": 90})
"""How full a dashboard's ring is; it says which step was reached, and nothing of the time that is left. A job
that is done is at 100, one that failed stays where it was."""

LONGEST_LINE = 300
"""Characters of a line, its time and its attempt not counted."""


class Progress:
    """Progress and log lines of one run. Safe to share between threads; none of its methods raises.

    The progress of a job is ``{"progress": percent, "step": step, "attempt": number}``: Bull Board draws a
    ring from the first, and a listener of BullMQ's ``progress`` events has the other two.
    """

    def __init__(self, thread: ProgressWriter, run: Mapping[str, str]) -> None:
        self._thread = thread
        self._queue = run["queue"]
        self._job_id = run["job"]
        self._attempt = attempt_of(run["run"])
        self._keep_logs = whole_number(run.get("keep_logs"), KEEP_LOGS)
        self._step: Step = "taken"
        self._started = time.monotonic()
        self._ended = False

    def reached(self, step: Step, line: str) -> None:
        """Say that the work has come so far."""
        if not self._ended:
            self._step = step
            self._thread.put(self._line(line), self._progress(PERCENT[step]))

    def remark(self, line: str) -> None:
        """Add a line to the job's log."""
        if not self._ended:
            self._thread.put(self._line(line))

    def end(self, error: JobError | None) -> Sequence[Note]:
        """Say how it ended, and return what has to be written of it with the outcome.

        What is said later, by work that was left behind, is not heard.
        """
        self._ended = True
        seconds = time.monotonic() - self._started
        if error is None:
            notes = [self._line(f"done in {seconds:.3f} s"), self._progress(100)]
        else:
            notes = [self._line(f"failed after {seconds:.3f} s: {error.failed_reason}")]
        return self._thread.last(self._queue, self._job_id, *notes)

    def _progress(self, percent: int) -> Note:
        value = {"progress": percent, "step": self._step, "attempt": self._attempt}
        text = json.dumps(value, separators=(",", ":"))
        return Note(self._queue, self._job_id, text, is_progress=True)

    def _line(self, line: str) -> Note:
        clock = time.time()
        when = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(clock))}.{int(clock % 1 * 1000):03d}Z"
        text = f"{when} attempt {self._attempt}: {_one_line(line)[:LONGEST_LINE]}"
        return Note(self._queue, self._job_id, text, keep_logs=self._keep_logs)


_progress: ContextVar[Progress | None] = ContextVar("progress", default=None)


@contextmanager
def telling(writer: ProgressWriter, run: Mapping[str, str], pool: str) -> Iterator[None]:
    """Make the block's :func:`reached` and :func:`remark` speak for a run, and say that ``pool`` took it.

    Args:
        writer: writes it.
        run: the header of the run's message.
        pool: the name of the pool that took it.
    """
    progress = Progress(writer, run)
    mark = _progress.set(progress)
    try:
        progress.reached("taken", f"taken by {pool}")
        yield
    finally:
        _progress.reset(mark)


def reached(step: Step, line: str) -> None:
    """Say that the work at hand has come so far, with a line for its log."""
    progress = _progress.get()
    if progress is not None:
        progress.reached(step, line)


def remark(line: str) -> None:
    """Add a line to the log of the job at hand."""
    progress = _progress.get()
    if progress is not None:
        progress.remark(line)


def ended(error: JobError | None) -> Sequence[Note]:
    """Say how the work at hand ended, and return what has to be written of it with the outcome."""
    progress = _progress.get()
    return progress.end(error) if progress is not None else ()


def _one_line(text: str) -> str:
    return text if text.isprintable() else " ".join(text.split()).encode(errors="replace").decode()
