"""A job's data as JSON text: the fields of it that somebody reads, and nothing built of the others.

Python's reader of JSON builds all of a text: 30 MB of ``[]`` take gigabytes, and some 1,000 levels or a
number of 5,000 digits end it. Here what nobody reads is stepped over, whatever it is; that it is JSON is not
checked.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from aiplane.errors import InvalidPayloadError
from aiplane.redis.untrusted_json import MOST_VALUES, count_values, is_deeper, read_digits

if TYPE_CHECKING:
    from collections.abc import Collection

MOST_BYTES: Final = 48 * 1024 * 1024
"""The longest text of a job's data (the wire contract). A recording of 25 MB takes 34 of them."""

MOST_LEVELS: Final = 900
"""Levels of lists and objects in one another. Python 3.11 reads no more; newer ones would read thousands, on
which whatever walks through a value ends."""

_CHUNK: Final = 1024 * 1024
"""Characters that are stepped over at once: other threads wait for as long."""

_STRING = r'"(?:[^"\\]++|\\.)*+"'
_NESTED = rf'(?:[^\[\]{{}}"]++|{_STRING})*+'
for _ in range(6):
    _NESTED = rf'(?:[^\[\]{{}}"]++|{_STRING}|[\[{{]{_NESTED}[\]}}])*+'
_BLANKS = re.compile(r"[ \t\r\n]*+")
_IN_STRING = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_BETWEEN = re.compile(_NESTED, re.DOTALL)
_OPENING, _CLOSING = re.compile(r"[\[{]++"), re.compile(r"[\]}]++")
_SIMPLE = r'"[^"\\]*+"[ \t\r\n]*+:[ \t\r\n]*+(?:[^\s,:\[\]{}"]++|"[^"\\]*+")[ \t\r\n]*+,[ \t\r\n]*+'
_SCALAR = re.compile(r'[^\s,:\[\]{}"]++')


_decoder = json.JSONDecoder(parse_int=read_digits)


def read_fields(text: str, names: Collection[str]) -> Any:
    """Read the fields of these names, where the text is an object; return any other value as it is.

    Raises:
        InvalidPayloadError: the text is not JSON, or a field holds more than is built of it.
    """
    if len(text) <= _CHUNK and not is_deeper(text, MOST_LEVELS):
        with suppress(ValueError, RecursionError):
            return json.loads(text)
    try:
        at = _after_blanks(text, 0)
        if text.startswith("[", at):
            return []
        if not text.startswith("{", at):
            return _value(text, at)[0]
        return _fields(text, at + 1, names)
    except (ValueError, RecursionError, IndexError) as error:
        raise InvalidPayloadError("The job's data is not JSON.") from error


def _fields(text: str, at: int, names: Collection[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    at = _after_blanks(text, at)
    separator = text[at] if text[at] == "}" else ","
    simple = _simple_fields(frozenset(names))
    while separator == ",":
        while (run := simple.match(text, at, at + _CHUNK)) and run.end() > at:
            at = run.end()
        name, at = _name(text, at)
        if name in names:
            fields[name], at = _value(text, at)
        else:
            at = _past(text, at)
        at = _after_blanks(text, at)
        separator = text[at]
        at = _after_blanks(text, at + 1) if separator == "," else at
    if separator != "}" or _after_blanks(text, at + 1) != len(text):
        raise ValueError("an object that does not end")
    return fields


@cache
def _simple_fields(names: frozenset[str]) -> re.Pattern[str]:
    """Match short fields that nobody reads, one after the other; those of a million names are many."""
    read = "|".join(map(re.escape, sorted(names)))
    return re.compile(rf'(?:(?!"(?:{read})"){_SIMPLE})*+')


def _name(text: str, at: int) -> tuple[str, int]:
    if text[at] != '"':
        raise ValueError("a field without a name")
    end = _past(text, at)
    name = json.loads(text[at:end], strict=False) if end - at < 1_000 else ""
    at = _after_blanks(text, end)
    if text[at] != ":":
        raise ValueError("a name without a value")
    return name, _after_blanks(text, at + 1)


def _value(text: str, at: int) -> tuple[Any, int]:
    """Build a value, and say where it ends. What is too deep to be built is absent."""
    if text[at] in "[{":
        end = _past(text, at)
        value = text[at:end]
        if is_deeper(value, MOST_LEVELS) or (len(value) > _CHUNK and count_values(value) > MOST_VALUES):
            return None, end
    try:
        return _decoder.raw_decode(text, at)
    except RecursionError:
        return None, _past(text, at)


def _past(text: str, at: int) -> int:
    """Return where a value ends."""
    if text[at] == '"':
        return _past_string(text, at)
    if text[at] not in "[{":
        scalar = _SCALAR.match(text, at)
        if scalar is None:
            raise ValueError("no value")
        return scalar.end()
    depth = 0
    while True:
        if opening := _OPENING.match(text, at, at + _CHUNK):
            depth += opening.end() - at
            at = opening.end()
        elif closing := _CLOSING.match(text, at, at + min(depth, _CHUNK)):
            depth -= closing.end() - at
            at = closing.end()
            if depth == 0:
                return at
        at = _past_flat(text, at)


def _past_flat(text: str, at: int) -> int:
    """Step over what opens and closes nothing, or closes again what it opens, six deep."""
    while (between := _BETWEEN.match(text, at, at + _CHUNK)) and between.end() > at:
        at = between.end()
    return _past_string(text, at) if text[at] == '"' else at


def _past_string(text: str, at: int) -> int:
    at += 1
    while text[at] != '"':
        part = _IN_STRING.match(text, at, at + _CHUNK)
        if part is None or part.end() == at:
            raise ValueError("a string that does not end")
        at = part.end()
    return at + 1


def _after_blanks(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    return at if blanks is None else blanks.end()
