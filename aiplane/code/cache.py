"""Cache of findings about a candidate's code, for when the same code comes again.

It does so often: with the next turn of an interview, the next hint, the attempt after one that failed.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

MOST = 64
"""How many answers are kept; the one that nobody has asked for longest goes first."""

LONGEST = 10_000
"""Characters of code about which an answer is kept: nearly all code has fewer, and little is known of it."""


class Remembered(Generic[T]):
    """The answers to one question about code. Safe to share between threads.

    The code itself is not kept, but a digest of it.
    """

    def __init__(self) -> None:
        self._answers: OrderedDict[bytes, T] = OrderedDict()
        self._guard = threading.Lock()

    def find(self, code: str, language: str) -> T | None:
        """Return what was found out about this code before; None where nothing is known."""
        if len(code) > LONGEST:
            return None
        key = _digest(code, language)
        with self._guard:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def keep(self, code: str, language: str, found: T | None) -> T | None:
        """Keep what was found out about this code, where something was; return it."""
        if found is not None and len(code) <= LONGEST:
            key = _digest(code, language)
            with self._guard:
                self._answers[key] = found
                if len(self._answers) > MOST:
                    self._answers.popitem(last=False)
        return found


def _digest(code: str, language: str) -> bytes:
    return hashlib.sha256(f"{language}\n{code}".encode(errors="surrogatepass")).digest()
