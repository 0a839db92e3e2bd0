"""The thread pool of a worker: slots that can grow and shrink while it runs."""

from __future__ import annotations

import logging
import os
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from billiard.einfo import ExceptionInfo
from celery.concurrency.base import BasePool, apply_target

from aiplane.errors import InternalError
from aiplane.errors.stacktrace import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from kombu.asynchronous import Hub

log = logging.getLogger(__name__)

MAX_SLOTS = 1000
"""The most slots that one pool may grow to; the threads beyond its slots are never started."""


class SlotPool(BasePool):
    """A pool of threads like Celery's own, with what that lacks for ours.

    ``celery control pool_grow`` and ``pool_shrink`` work: the number of slots is what the worker compares
    its running tasks with before it takes another. A slot that becomes free wakes the worker at once, where
    it would otherwise notice only at its next turn, up to a second later. And work that was left behind
    (:meth:`leave_behind`) holds a thread, but no slot. That is why the threads are not an executor's, as
    Celery's are: it waits for each of them when the process ends.
    """

    limit: int
    body_can_be_buffer = True
    signal_safe = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._hub: Hub | None = None
        self._changed = threading.Condition()
        self._busy = 0
        self._left_behind = 0
        self._threads = 0
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()

    @property
    def num_processes(self) -> int:
        """Number of tasks that may be under way: one in each slot, and those that were left behind."""
        return self.limit + self._left_behind

    def register_with_event_loop(self, loop: Hub) -> None:
        """Remember the worker's loop, to wake it."""
        self._hub = loop

    def grow(self, n: int = 1) -> None:
        """Add ``n`` slots."""
        self.limit = min(self.limit + n, MAX_SLOTS)

    def shrink(self, n: int = 1) -> None:
        """Remove ``n`` slots; what runs in them ends undisturbed."""
        self.limit = max(self.limit - n, 0)

    def leave_behind(self) -> None:
        """Give up the slot of work that overstays: another task may run, and nobody waits for this one."""
        with self._changed:
            self._left_behind += 1
            self._changed.notify_all()
        self._wake()

    def take_back(self) -> None:
        """Say that work that was left behind has ended after all."""
        with self._changed:
            self._left_behind -= 1

    def on_apply(  # noqa: PLR0917 -- Celery's signature
        self,
        target: Callable[..., Any],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        callback: Callable[..., Any] | None = None,
        accept_callback: Callable[..., Any] | None = None,
        error_callback: Callable[..., Any] | None = None,
        **_: Any,
    ) -> None:
        """Run a task in a slot.

        Args:
            target: the task, in Celery's frame around it.
            args: its arguments.
            kwargs: likewise.
            callback: hears what the frame returns.
            accept_callback: hears that the task begins.
            error_callback: hears what escapes the frame, or either of these.
        """

        def work() -> None:
            try:
                apply_target(target, args, kwargs, callback, accept_callback)
            except BaseException as error:  # noqa: BLE001 -- whatever it is, the slot must be free again
                _give_up(error, error_callback)

        with self._changed:
            self._work.put(work)
            self._busy += 1
            missing = self._threads < min(self._busy, MAX_SLOTS)
        if missing:
            self._add_thread()

    def on_stop(self) -> None:
        """Wait until what runs has ended, but for what was left behind."""
        with self._changed:
            while self._drop():
                self._busy -= 1
            self._changed.wait_for(lambda: self._busy <= self._left_behind)

    on_terminate = on_stop

    def _add_thread(self) -> None:
        try:
            threading.Thread(target=self._serve, name="slot", daemon=True).start()
        except RuntimeError:
            # The system has no thread to give. Those that there are do the work, one after the other.
            if not self._threads:
                log.critical("the system gives the pool no thread; the process ends")
                os._exit(70)
            log.exception("a slot has no thread of its own")
        else:
            self._threads += 1

    def _serve(self) -> None:
        while True:
            work = self._work.get()
            work()
            del work  # what it holds may be large, and the next may be far
            self._free()

    def _free(self) -> None:
        with self._changed:
            was_full = self._busy >= self.num_processes
            self._busy -= 1
            self._changed.notify_all()
        # Otherwise the worker is waiting for a message already.
        if was_full:
            self._wake()

    def _wake(self) -> None:
        if self._hub is not None:
            self._hub.call_soon(_nothing)

    def _drop(self) -> bool:
        """Forget one task that no thread has begun."""
        try:
            self._work.get_nowait()
        except Empty:
            return False
        return True

    def _get_info(self) -> dict[str, Any]:
        return {**super()._get_info(), "threads": self._threads, "left-behind": self._left_behind}


def _give_up(error: BaseException, error_callback: Callable[..., Any] | None) -> None:
    """Release a task whose frame has failed: otherwise its slot would be taken for as long as the pool lives.

    A pool that cannot even do that ends, so that another takes its place.
    """
    try:
        log.critical("a slot's work failed where nothing should fail\n%s", describe(error))
        if error_callback is not None:
            error_callback(_fault_of_ours())
    except BaseException:  # noqa: BLE001 -- there is nobody left to tell
        os._exit(70)


def _fault_of_ours() -> ExceptionInfo:
    # Not the error itself, which Celery shows: its message may quote the payload.
    error = InternalError("aiplane failed on this task; its log says where.")
    return ExceptionInfo((InternalError, error, None))


def _nothing() -> None:
    """Be called: the call itself is what wakes the loop."""
