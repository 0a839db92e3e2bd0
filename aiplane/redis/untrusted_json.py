"""JSON and whole numbers that anyone may have written: all that stands in Redis is read by these.

JSON is read as Node reads it, within bounds: Python's own reader takes NaN, refuses a number of 5,000 digits,
and builds gigabytes of 30 MB of ``[]``. What it returns can be written as JSON again, and no whole number in
it is too large for a float.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, overload

MOST_VALUES: Final = 200_000
"""In one text, or in one field of a job's data. 500 turns have 2,500; what has more is built by nobody."""

DEEPEST: Final = 100
"""Levels. What can just be read at one place cannot be written, or printed, at another."""

_MOST_DIGITS: Final = 308
"""Of a number that is read as it stands. Node takes a longer one for infinite, and Python refuses many."""

_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""It ends with the text where nothing else ends it: to look for another beginning would take for ever."""

_BRACKETS = re.compile(r"[\[{]++|[\]}]++")
_DIGITS = re.compile(r"[0-9]{1,15}")


def read_json(text: str | None) -> Any:
    """Read JSON text.

    Raises:
        ValueError: it is not JSON, or of more values or levels than is read.
    """
    text = text or ""
    levels = text.count("[") + text.count("{")
    if levels > DEEPEST or levels + text.count(",") > MOST_VALUES:
        _check_shape(_STRING.sub("", text))
    return _decoder.decode(text)


def read_stored(text: str | None) -> Any:
    """Return the value of JSON text; None if it cannot be read. It never raises."""
    try:
        return read_json(text)
    except (ValueError, RecursionError):
        return None


def read_object(text: str | None) -> dict[str, Any]:
    """Return the object of JSON text; an empty one if it is something else. It never raises."""
    value = read_stored(text)
    return value if isinstance(value, dict) else {}


@overload
def whole_number(value: object) -> int | None: ...
@overload
def whole_number(value: object, default: int) -> int: ...
def whole_number(value: object, default: int | None = None) -> int | None:
    """Return the whole number, 0 or more, that a text or a value of JSON is; ``default`` if it is none.

    A text is one to 15 digits of ASCII and nothing else. A number is one on which msgpack, Lua and JavaScript
    agree, and may be written as a float.
    """
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return default
    return int(value) if value == int(value) else default


def can_be_written(text: str) -> bool:
    """Return whether Redis can be given a text: JSON can hold half a character, which nothing can write."""
    try:
        text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def count_values(text: str) -> int:
    """Count the values of JSON text, more or less."""
    return _count(_STRING.sub("", text))


def is_deeper(text: str, levels: int) -> bool:
    """Return whether lists and objects of JSON text nest deeper than so many levels."""
    return text.count("[") + text.count("{") > levels and _nests(_STRING.sub("", text), levels)


def read_digits(digits: str) -> int | float:
    """Read a whole number as it stands in JSON text."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float("-inf" if digits[0] == "-" else "inf")


def _check_shape(bare: str) -> None:
    """Raise ValueError where a text without its strings has more values, or levels, than is read."""
    if _count(bare) > MOST_VALUES:
        raise ValueError("more values than are read")
    if _nests(bare, DEEPEST):
        raise ValueError("nested too deeply")


def _nests(bare: str, levels: int) -> bool:
    depth = 0
    for run in _BRACKETS.finditer(bare):
        opening = run[0][0] in "[{"
        depth += len(run[0]) if opening else -len(run[0])
        if depth > levels:
            return True
    return False


def _count(bare: str) -> int:
    return bare.count(",") + bare.count("[") + bare.count("{")


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse, parse_int=read_digits)
