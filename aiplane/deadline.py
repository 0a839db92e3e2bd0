"""The moment by which the work at hand must be over.

A task's time limit is set once, around the task; whoever waits inside it (a model call, an upload) asks
:func:`remaining` and never waits longer than that.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Run the block under a deadline ``seconds`` from now, or an outer one if that comes first."""
    mark = _deadline.set(time.monotonic() + min(seconds, remaining()))
    try:
        yield
    finally:
        _deadline.reset(mark)


def remaining() -> float:
    """Seconds until the deadline: never below 0, and infinity where no deadline is set."""
    deadline = _deadline.get()
    return float("inf") if deadline is None else max(0.0, deadline - time.monotonic())
