"""Running work that can be ended from outside: by a person who cancels it."""

from __future__ import annotations

import contextvars
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Running:
    """The work that is under way, each under a key of its own. Safe to share between threads."""

    def __init__(self) -> None:
        self._ends: dict[str, Callable[[], None]] = {}
        self._lent: set[str] = set()

    @property
    def lent(self) -> int:
        """Number of slots that hold tasks that people sent: no job can have them meanwhile."""
        return len(self._lent)

    @contextmanager
    def ended_by(self, key: str, end: Callable[[], None], *, lent: bool = False) -> Iterator[None]:
        """Do the block, which ``end`` can end.

        Args:
            key: what the work is known by.
            end: called at most once, in another thread and in the caller's context. It must not wait.
            lent: whether the block is a task that a person sent.
        """
        context = contextvars.copy_context()
        self._ends[key] = lambda: context.run(end)
        if lent:
            self._lent.add(key)
        try:
            yield
        finally:
            self._lent.discard(key)
            self._ends.pop(key, None)

    def end(self, keys: Iterable[str]) -> list[str]:
        """End some work, and return the keys of what was under way here."""
        ended = []
        for key in keys:
            # Taking it out is what decides who ends it.
            end = self._ends.pop(key, None)
            if end is not None:
                end()
                ended.append(key)
        return ended
