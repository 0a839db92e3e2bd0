"""Lines for a person, written by a thread of their own: a reader that is gone or stuck stops nothing else.

A pipe whose reader has ended raises, and one whose reader does not read blocks, a terminal that was stopped
with Ctrl-S too. Who runs processes must go on to hear signals all the same, and to end what it has started.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_CHARACTERS = 4_000_000
"""How much is kept for a reader that is slow; what comes on top is dropped."""

LAST_WORDS_SECONDS = 1.0
"""How long the end waits for what is still to be written."""


class Teller:
    """Writer of lines, in their order.

    Attributes:
        failure: what the first write that failed has raised; None while none has.
    """

    def __init__(self) -> None:
        self.failure: OSError | None = None
        self._waiting: deque[tuple[Callable[[], object], int]] = deque()
        self._held = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._write, name="teller", daemon=True)
        self._thread.start()

    def tell(self, write: Callable[..., object], *texts: str) -> None:
        """Have ``write(*texts)`` called soon; nothing of it is awaited, and nothing raised."""
        size = sum(map(len, texts))
        with self._changed:
            if self._held + size <= MOST_CHARACTERS:
                self._waiting.append((lambda: write(*texts), size))
                self._held += size
                self._changed.notify_all()

    def close(self) -> bool:
        """Write what is left; False if the reader does not take it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(LAST_WORDS_SECONDS)
        return not self._thread.is_alive()

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                write, size = self._waiting.popleft()
                self._held -= size
            try:
                write()
            except OSError as error:
                self.failure = self.failure or error
            except SystemExit:
                # What rich makes of a reader that is gone.
                self.failure = self.failure or BrokenPipeError()


@contextmanager
def telling() -> Iterator[Teller]:
    """Lend a teller. If its reader is stuck at the end, the process ends here: Python would wait for it."""
    teller, status = Teller(), 1
    try:
        yield teller
        status = 0
    finally:
        if not teller.close():
            os._exit(status)
