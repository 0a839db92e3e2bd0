"""Time-outs: waiting for work no longer than one is willing to."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from aiplane.context.deadline import broken_off_by

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

KEPT = 60.0
"""Seconds for which a thread without work waits for some. Starting one costs more than all else here."""

_idle: list[_Thread] = []
"""The threads that wait, the latest last. Taking one out of the list is what makes it the taker's."""


class OutOfTimeError(Exception):
    """Time-out: the work was not done in time, and was left behind."""


def wait_for(work: Callable[[], T], seconds: float, *, name: str) -> T:
    """Run ``work`` and return what it returns, but wait no longer than ``seconds``.

    The work runs in another thread, in the caller's context. No thread can be stopped: work that looks
    at its deadline ends by itself, work that does not is left behind. So is work that is called off
    (:mod:`aiplane.context.deadline`).

    Args:
        work: what to run.
        seconds: how long to wait.
        name: the name of the thread, where one has to be started.

    Raises:
        OutOfTimeError: it was not done in time, or was called off.
        Exception: whatever ``work`` raises.
    """
    done: Future[T] = Future()
    _thread(name).work.put((contextvars.copy_context(), work, done))
    del work
    try:
        with broken_off_by(lambda: _set(done.set_exception, OutOfTimeError())):
            return done.result(timeout=seconds)
    except TimeoutError:
        if done.done():
            # It was the work's own, or the work was done in the last moment.
            return done.result()
        raise OutOfTimeError from None


class _Thread(threading.Thread):
    """Thread that does one work after the other, and ends when there has been none for a while."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.work: SimpleQueue[tuple[contextvars.Context, Callable[[], Any], Future[Any]]] = SimpleQueue()

    def run(self) -> None:
        while True:
            try:
                context, work, done = self.work.get(timeout=KEPT)
            except Empty:
                try:
                    _idle.remove(self)
                except ValueError:
                    continue  # somebody has just taken it
                return
            try:
                result = context.run(work)
            except BaseException as error:  # noqa: BLE001 -- it is raised again where it is waited for
                _idle.append(self)
                _set(done.set_exception, error)
            else:
                _idle.append(self)
                _set(done.set_result, result)
                del result
            del context, work, done  # what they hold may be large, and the next work may be far


def _set(setter: Callable[[Any], None], value: Any) -> None:
    """Set how work has ended, unless that was set before: it was called off, or was done by then."""
    with suppress(InvalidStateError):
        setter(value)


def _thread(name: str) -> _Thread:
    try:
        return _idle.pop()
    except IndexError:
        thread = _Thread(name)
        thread.start()
        return thread
