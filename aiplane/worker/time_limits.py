"""Watchdog thread of the time limits: work that does not obey its deadline is left behind here.

The work runs in its slot's own thread; what happens when its time is over, which is rare, happens in another.
The other way round, with the work in a thread that can be waited for, every job would change threads twice.
"""

from __future__ import annotations

import contextvars
import math
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Limit:
    """The limit on one piece of work: it ends in time, or it is overdue. Never both."""

    def __init__(self, at: float, overdue: Callable[[], None], limits: dict[Limit, None]) -> None:
        self.at = at
        self.overdue = overdue
        self._limits = limits

    def lift(self) -> bool:
        """Take the limit away: the work has ended, or its time has. False if somebody else has done so."""
        # Removing it is what decides, and of two threads that remove it one fails.
        try:
            del self._limits[self]
        except KeyError:
            return False
        return True


class TimeLimits:
    """Watchdog of limits. Its thread begins with the first."""

    def __init__(self) -> None:
        self._limits: dict[Limit, None] = {}
        self._changed = threading.Condition()
        self._looks_at = math.inf
        self._thread: threading.Thread | None = None

    def limit(self, seconds: float, overdue: Callable[[], None]) -> Limit:
        """Begin to watch some work.

        Args:
            seconds: how long it may take.
            overdue: called when it takes longer, in a thread of its own and in the caller's context.
        """
        context = contextvars.copy_context()
        limit = Limit(time.monotonic() + seconds, lambda: context.run(overdue), self._limits)
        with self._changed:
            self._limits[limit] = None
            if limit.at < self._looks_at:
                self._looks_at = limit.at
                self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="time-limits", daemon=True)
                self._thread.start()
        return limit

    def _watch(self) -> None:
        while True:
            with self._changed:
                # A limit that is lifted does not wake it: it looks when the limit would have ended.
                self._changed.wait(min(self._looks_at - time.monotonic(), threading.TIMEOUT_MAX))
                now = time.monotonic()
                due = [limit for limit in list(self._limits) if limit.at <= now and limit.lift()]
                if self._looks_at <= now:
                    self._looks_at = min((limit.at for limit in list(self._limits)), default=math.inf)
            for limit in due:
                threading.Thread(target=limit.overdue, name="overdue", daemon=True).start()
