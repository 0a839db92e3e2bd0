"""The job whose work the running code does."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Work:
    """Fields of a log line about the job at hand.

    Attributes:
        job_id: the job's id.
        queue: BullMQ's name of its queue.
        kind: the kind of the job.
        attempt: which of its attempts this is, from 1; 0 where that is not known.
    """

    job_id: str
    queue: str = ""
    kind: str = ""
    attempt: int = 0


_work: ContextVar[Work | None] = ContextVar("work", default=None)


@contextmanager
def working_on(job_id: str, *, queue: str = "", kind: str = "", attempt: int = 0) -> Iterator[None]:
    """Say that the block does the work of a BullMQ job."""
    mark = _work.set(Work(job_id, queue, kind, attempt))
    try:
        yield
    finally:
        _work.reset(mark)


def work() -> Work | None:
    """Return the job at hand; None where the work was not asked for by a job."""
    return _work.get()


def job_id() -> str:
    """Return the id of the job at hand; a new random one where the work was not asked for by a job."""
    at_hand = _work.get()
    return at_hand.job_id if at_hand else uuid.uuid4().hex
