"""The job whose work the running code does."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_job_id: ContextVar[str | None] = ContextVar("job_id", default=None)


@contextmanager
def working_on(job_id: str) -> Iterator[None]:
    """Say that the block does the work of a BullMQ job."""
    mark = _job_id.set(job_id)
    try:
        yield
    finally:
        _job_id.reset(mark)


def job_id() -> str:
    """Return the id of the job at hand; a new random one where the work was not asked for by a job."""
    return _job_id.get() or uuid.uuid4().hex
