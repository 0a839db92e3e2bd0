"""Troubles: what Redis refuses this process at the moment, for whoever asks how it is.

Everything that is refused is tried again within seconds. So a trouble that was not met for a while is over,
and nobody has to say so.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aiplane.redis.refusals import lasts, told

if TYPE_CHECKING:
    from collections.abc import Callable

OVER_AFTER = 15.0
"""Seconds without meeting a trouble again after which it is over."""


class Troubles:
    """The latest trouble of one process. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._latest: tuple[float, str] | None = None

    def note(self, error: BaseException) -> str:
        """Take note of what Redis, or the way to it, has raised, and return it in words for the log."""
        words = told(error)
        if lasts(error):
            self._latest = (self._clock(), words)
        return words

    @property
    def current(self) -> str:
        """The present refusal; empty if nothing is refused."""
        latest = self._latest
        return latest[1] if latest and self._clock() - latest[0] < OVER_AFTER else ""


TROUBLES = Troubles()
"""This process's."""
