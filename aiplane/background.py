"""An event loop in a thread of its own, for callers in threads that must be able to give up.

A client that blocks a thread can bound each read of a socket, but not their sum: a server that sends one byte
a second holds it for ever. A coroutine can be cancelled wherever it waits, and its connection closed.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class BackgroundLoop:
    """Runs coroutines for any number of threads. The first of them starts the loop's thread.

    The thread is a daemon: a process that ends does not wait for it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, T], *, seconds: float) -> T:
        """Run ``work`` on the loop and return what it returns.

        Raises:
            TimeoutError: ``seconds`` have passed. The work has been cancelled, or is about to be.
        """
        outcome = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return outcome.result(timeout=seconds)
        finally:
            outcome.cancel()

    def close(self) -> None:
        """Cancel what runs and end the thread. A later :meth:`run` starts a new one."""
        with self._guard:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._guard:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name=self._name, daemon=True
                )
                self._thread.start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    with asyncio.Runner(
        loop_factory=lambda: loop
    ) as runner:  # its exit cancels what is left, and waits for it
        runner.get_loop().run_forever()
