"""The moment by which the work at hand must be over, and a way to end it before.

A task's time limit is set once, around the task; whoever waits inside it (a model call, an upload) asks
:func:`remaining` and never waits longer than that. Work that is called off has no time left from that moment,
and what it waits for is broken off, so that its thread is free at once and not at the deadline.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class CallOff:
    """Cancellation of some work before its deadline, from another thread."""

    def __init__(self) -> None:
        self.made = False
        self._waits: dict[object, Callable[[], None]] = {}
        self._guard = threading.Lock()

    def make(self) -> None:
        """Leave the work no time, and break off what it waits for."""
        with self._guard:
            self.made = True
            waits = [*self._waits.values()]
        for break_off in waits:
            break_off()

    @contextmanager
    def breaking(self, break_off: Callable[[], None]) -> Iterator[None]:
        """Break off the block, which waits, when the work is called off; at once if it is already."""
        wait = object()
        with self._guard:
            self._waits[wait] = break_off
            made = self.made
        try:
            if made:
                break_off()
            yield
        finally:
            with self._guard:
                del self._waits[wait]


_call_off: ContextVar[CallOff | None] = ContextVar("call_off", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Run the block under a deadline ``seconds`` from now, or an outer one if that comes first."""
    mark = _deadline.set(time.monotonic() + min(seconds, remaining()))
    try:
        yield
    finally:
        _deadline.reset(mark)


@contextmanager
def can_be_called_off() -> Iterator[CallOff]:
    """Run the block so that another thread can end it."""
    call_off = CallOff()
    mark = _call_off.set(call_off)
    try:
        yield call_off
    finally:
        _call_off.reset(mark)


@contextmanager
def broken_off_by(break_off: Callable[[], None]) -> Iterator[None]:
    """Wait in the block; if the work at hand is called off, ``break_off`` is called in another thread.

    It must end the wait, must not wait itself, and must not raise. The block can still end as if nothing had
    happened, or by an error of what was broken off.
    """
    call_off = _call_off.get()
    if call_off is None:
        yield
    else:
        with call_off.breaking(break_off):
            yield


def remaining() -> float:
    """Seconds until the deadline: never below 0, and infinity where no deadline is set."""
    call_off, deadline = _call_off.get(), _deadline.get()
    if call_off is not None and call_off.made:
        return 0.0
    return float("inf") if deadline is None else max(0.0, deadline - time.monotonic())
