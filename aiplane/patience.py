"""Waiting for work no longer than one is willing to."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class OutOfPatienceError(Exception):
    """The work was not done in time, and was left behind."""


def wait_for(work: Callable[[], T], seconds: float, *, name: str) -> T:
    """Run ``work`` and return what it returns, but wait no longer than ``seconds``.

    The work runs in a thread of its own, in the caller's context. No thread can be stopped: work that looks
    at its deadline ends by itself, work that does not is left behind.

    Args:
        work: what to run.
        seconds: how long to wait.
        name: the name of its thread.

    Raises:
        OutOfPatienceError: it was not done in time.
        Exception: whatever ``work`` raises.
    """
    done: Future[T] = Future()
    context = contextvars.copy_context()

    def body() -> None:
        try:
            done.set_result(context.run(work))
        except BaseException as error:  # noqa: BLE001 -- it is raised again where it is waited for
            done.set_exception(error)

    threading.Thread(target=body, name=name, daemon=True).start()
    try:
        return done.result(timeout=seconds)
    except TimeoutError:
        if done.done():
            # It was the work's own, or the work was done in the last moment.
            return done.result()
        raise OutOfPatienceError from None
