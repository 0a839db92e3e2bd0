"""JSON from servers that speak OpenAI's API, read as leniently as it is written."""

from __future__ import annotations

import json
from typing import Any

_LONGEST_NUMBER = 15
"""Digits of a whole number that is read as it stands; no count of tokens has more."""


def read_json(body: bytes | str) -> Any:
    """Read a body as JSON: with half an emoji in it, bytes that are no UTF-8, or numbers of any length.

    Raises:
        ValueError: it is no JSON, or nested deeper than anything that is meant to be read.
    """
    text = body if isinstance(body, str) else body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text, parse_int=_whole_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def first_object(data: Any) -> dict[str, Any]:
    """Return the object that ``data`` is, or the first of a list around it; empty if there is none."""
    if isinstance(data, list) and data:
        data = data[0]
    return data if isinstance(data, dict) else {}


def text_or_none(value: Any) -> str | None:
    """Return a value if it is a text that holds something."""
    return value if isinstance(value, str) and value.strip() else None


def count_or_zero(value: Any) -> int:
    """Return a count that may be written as any number, or in quotes; 0 where it is none."""
    try:
        return max(int(float(value)), 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else float(digits)
