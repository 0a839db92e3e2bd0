"""Uploads that are under way: how much of them a process holds at once, and how many one person has."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from control_plane.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES: Final = 256 * 2**20
"""Bytes of all uploads that a process takes at once."""

MOST_OF_ONE: Final = 2
"""Uploads that one person has under way at once: so nobody can keep the others out by being slow."""


class Uploads:
    """A share of memory and disk for each upload, for as long as it lasts.

    Args:
        at_least: bytes for which there is room, whatever :data:`MOST_BYTES` says.
    """

    def __init__(self, at_least: int = 0) -> None:
        self._left = max(MOST_BYTES, at_least)
        self._of: Counter[str] = Counter()

    @contextmanager
    def take(self, user_id: str, size: int) -> Iterator[None]:
        """Take the share of one upload.

        Raises:
            UnavailableError: there is none left for now.
        """
        if size > self._left or self._of[user_id] >= MOST_OF_ONE:
            sentence = "Too many recordings are being sent at this moment; send it again in a few seconds."
            raise UnavailableError(sentence, retry_after=3, code="uploads_busy")
        self._left -= size
        self._of[user_id] += 1
        try:
            yield
        finally:
            self._left += size
            self._of[user_id] -= 1
            self._of += Counter()  # forgets whoever has none
