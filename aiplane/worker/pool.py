"""The thread pool of a worker: slots that can grow and shrink while it runs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from celery.concurrency.thread import ApplyResult, TaskPool

if TYPE_CHECKING:
    from concurrent.futures import Future

    from kombu.asynchronous import Hub

MAX_SLOTS = 1000
"""The most slots that one pool may grow to; the threads beyond its slots are never started."""


class SlotPool(TaskPool):
    """Celery's thread pool, with what it lacks for ours.

    ``celery control pool_grow`` and ``pool_shrink`` work: the number of slots is what the worker compares
    its running tasks with before it takes another. And a slot that becomes free wakes the worker at once,
    where it would otherwise notice only at its next turn, up to a second later.
    """

    limit: int
    executor: ThreadPoolExecutor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.executor.shutdown()
        self.executor = ThreadPoolExecutor(max_workers=MAX_SLOTS, thread_name_prefix="slot")
        self._hub: Hub | None = None
        self._guard = threading.Lock()
        self._busy = 0

    def register_with_event_loop(self, loop: Hub) -> None:
        """Remember the worker's loop, to wake it."""
        self._hub = loop

    def grow(self, n: int = 1) -> None:
        """Add ``n`` slots."""
        self.limit = min(self.limit + n, MAX_SLOTS)

    def shrink(self, n: int = 1) -> None:
        """Remove ``n`` slots; what runs in them ends undisturbed."""
        self.limit = max(self.limit - n, 0)

    def on_apply(self, *args: Any, **kwargs: Any) -> ApplyResult:
        """Run a task in a slot."""
        with self._guard:
            self._busy += 1
        result = super().on_apply(*args, **kwargs)
        result.f.add_done_callback(self._free)
        return result

    def _free(self, _: Future[Any]) -> None:
        with self._guard:
            was_full = self._busy >= self.limit
            self._busy -= 1
        # Otherwise the worker is waiting for a message already.
        if was_full and self._hub is not None:
            self._hub.call_soon(_nothing)


def _nothing() -> None:
    """Be called: the call itself is what wakes the loop."""
