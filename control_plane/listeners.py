"""Listeners of one process: who has a stream of events open, and how many that may be.

A person who opens one too many loses the oldest: of a laptop that was closed nobody may have heard yet, and
its streams must not keep the next one out. A process that is full sends whoever comes to another one.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from control_plane.errors import UnavailableError

if TYPE_CHECKING:
    import asyncio

MOST: Final = 1_000
"""Streams that one process keeps open."""

MOST_OF_ONE: Final = 8
"""Streams that one person keeps open in one process: a few rooms, in a few tabs."""

RETRY_SECONDS: Final = 5


class Listener:
    """One open stream.

    Attributes:
        user_id: whose.
        replaced: whether the person has opened so many others since that this one is to end.
    """

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.replaced = False
        self._bell: asyncio.Event | None = None

    def wakes_by(self, bell: asyncio.Event) -> None:
        """Say what the stream waits for, so that it hears of its end at once."""
        self._bell = bell

    def replace(self) -> None:
        """Have the stream end."""
        self.replaced = True
        if self._bell is not None:
            self._bell.set()


class Listeners:
    """The streams that are open in this process."""

    def __init__(self) -> None:
        # Each person's, the oldest first.
        self._open: defaultdict[str, list[Listener]] = defaultdict(list)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self, user_id: str) -> Listener:
        """Make room for one more stream. Whoever enters leaves.

        Raises:
            UnavailableError: this process has as many as it may.
        """
        if self._count >= MOST:
            sentence = f"Too many listen here at the moment: come again in {RETRY_SECONDS} s."
            raise UnavailableError(sentence, retry_after=RETRY_SECONDS, code="too_many_listeners")
        listener = Listener(user_id)
        own = self._open[user_id]
        own.append(listener)
        self._count += 1
        for surplus in own[:-MOST_OF_ONE]:
            surplus.replace()
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a stream that has ended."""
        own = self._open[listener.user_id]
        own.remove(listener)
        self._count -= 1
        if not own:
            del self._open[listener.user_id]
