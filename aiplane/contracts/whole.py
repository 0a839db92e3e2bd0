"""JSON of other programs' that is handed back as it came: bounded, and without what JSON cannot carry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from aiplane.contracts.scalars import MAX_SAFE_INTEGER, clean

MOST_CHARACTERS: Final = 1_000_000
"""Five times the longest code: the strings and names of what is handed back, taken together."""

MOST_VALUES: Final = 10_000
DEEPEST: Final = 32


class _TooMuchError(Exception):
    """JSON larger than what is handed back."""


class _Left(NamedTuple):
    """Budget of what may still be copied."""

    characters: int
    values: int


class _Copying:
    def __init__(self) -> None:
        self.left = _Left(MOST_CHARACTERS, MOST_VALUES)

    def copy(self, value: Any, depth: int = 0) -> Any:
        self._take(0, 1)
        if depth > DEEPEST:
            raise _TooMuchError
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {self._text(str(name)): self.copy(each, depth + 1) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.copy(each, depth + 1) for each in value]
        return value if value is None or isinstance(value, bool) else _number(value)

    def _text(self, text: str) -> str:
        self._take(len(text), 0)
        return clean(text)

    def _take(self, characters: int, values: int) -> None:
        self.left = _Left(self.left.characters - characters, self.left.values - values)
        if min(self.left) < 0:
            raise _TooMuchError


def _number(value: Any) -> Any:
    """Return a number that every reader of JSON knows; None for another."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) and abs(value) <= MAX_SAFE_INTEGER else None


def whole(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of an object with every field, but for those that are too large or too deep."""
    copying, copied = _Copying(), dict[str, Any]()
    for name, value in data.items():
        if value is not None:
            before = copying.left
            try:
                copied |= copying.copy({name: value})
            except _TooMuchError:
                copying.left = before
    return copied
