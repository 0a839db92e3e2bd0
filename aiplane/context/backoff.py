"""Back-off: the pauses between tries, each longer than the one before."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def doubled(first: float, longest: float) -> Iterator[float]:
    """Yield pauses for ever: doubled from the first to the longest."""
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, longest)


def listed(pauses: Sequence[float]) -> Iterator[float]:
    """Yield pauses for ever: those given, and then the last one again and again."""
    return chain(pauses, repeat(pauses[-1]))
