"""Usage of the language model by a run: counted as it is used, from whichever thread does the work."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, astuple, dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Usage:
    """Usage by a run so far.

    Attributes:
        calls: calls of the model, those that failed included.
        model_ms: milliseconds that they took.
        input_tokens: tokens that the model has read, as far as the provider says.
        output_tokens: tokens that it has written, likewise.
    """

    calls: int = 0
    model_ms: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def to_text(self) -> str:
        """Return the numbers as the ledger keeps them; the inverse is :meth:`from_text`."""
        return " ".join(map(str, astuple(self)))

    @classmethod
    def from_text(cls, text: str | None) -> Self:
        """Read what :meth:`to_text` wrote; anything else counts as nothing."""
        numbers = (text or "").split()
        if len(numbers) != len(cls.__slots__) or not all(
            number.isascii() and number.isdecimal() and len(number) < 16 for number in numbers
        ):
            return cls()
        return cls(*map(int, numbers))


class Tally:
    """Sum of a run's usage. Safe to share between threads: work beside its job's thread counts as well."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._usage = Usage()

    @property
    def usage(self) -> Usage:
        """The usage that was counted so far."""
        return self._usage

    def add(self, more: Usage) -> None:
        """Count one call."""
        with self._guard:
            sums = {name: value + getattr(self._usage, name) for name, value in asdict(more).items()}
            self._usage = Usage(**sums)


_tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def counted() -> Iterator[Tally]:
    """Count what the block uses."""
    tally = Tally()
    mark = _tally.set(tally)
    try:
        yield tally
    finally:
        _tally.reset(mark)


def count_usage(usage: Usage) -> None:
    """Count one call of the model, if somebody wants to know."""
    tally = _tally.get()
    if tally is not None:
        tally.add(usage)
