"""Back-off that a provider asks for, as providers write it: a length of time, or a moment."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = (("retry-after-ms", 0.001), ("retry-after", 1.0))
"""The headers, the more exact one first, with what one of its units is in seconds."""

_LIMITS = ("-requests", "-tokens", "")
"""What the names of the headers of a limit end in: ``x-ratelimit-reset-requests`` and its like."""

_LONGEST = 100
"""Characters of a header that are looked at."""

_FIRST_MOMENT = 1e9
_FIRST_IN_MS = 1e11
"""Numbers from which on seconds since 1970 are meant, and milliseconds: nobody is to wait for decades."""

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_STEP = re.compile(
    r"\s*([0-9]+(?:\.[0-9]*)?)\s*(ms|milli\w*|h|hours?|hrs?|m|min\w*|s|sec\w*|d|days?)(?![a-z])",
    re.IGNORECASE,
)
_SECONDS = {"ms": 0.001, "mi": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds after which a provider wants to be asked again; None where it does not say.

    A date is held against the server's own clock, where it tells it: ours may be another.
    """
    for name, unit in _UNITS:
        seconds = _wait(headers.get(name, ""), headers, unit)
        if seconds is not None:
            return seconds
    return None


def read_limit_reset(headers: Mapping[str, str]) -> float | None:
    """Return the seconds after which the limits that are used up begin anew; None where no header says.

    It is no more than a bound from above, for what has no ``Retry-After``.
    """
    waits = [
        _wait(headers.get(f"x-ratelimit-reset{limit}", ""), headers, 1.0)
        for limit in _LIMITS
        if not _has_some_left(headers.get(f"x-ratelimit-remaining{limit}", ""))
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def _has_some_left(remaining: str) -> bool:
    number = _number(remaining)
    return number is not None and number >= 1


def _wait(text: str, headers: Mapping[str, str], unit: float) -> float | None:
    """Read a length, the longest of several (proxies join headers by commas), or a moment."""
    text = text.strip()[:_LONGEST]
    lengths = [_length(part.strip(), unit) for part in text.split(",")]
    known = [length for length in lengths if length is not None]
    if len(known) < len(lengths):
        return _until(_date(text), headers)
    longest = max(known)
    if longest < _FIRST_MOMENT:
        return longest
    return _until(_moment(longest), headers)


def _length(text: str, unit: float) -> float | None:
    """Read ``20``, ``20s``, ``1m30s``, ``20ms``, ``2 minutes``."""
    number = _number(text)
    if number is not None:
        return number * unit
    seconds, at = 0.0, 0
    while step := _STEP.match(text, at):
        name = step[2].lower()
        seconds += float(step[1]) * (_SECONDS.get(name) or _SECONDS.get(_short(name), 0.0))
        at = step.end()
    return seconds if at and at == len(text) else None


def _short(name: str) -> str:
    return "mi" if name.startswith("milli") else name[0]


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _moment(number: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(number / 1000 if number >= _FIRST_IN_MS else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _date(text: str) -> datetime | None:
    """Read a date of HTTP's or of ISO 8601."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
        except (TypeError, ValueError, IndexError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _until(moment: datetime | None, headers: Mapping[str, str]) -> float | None:
    if moment is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return max((moment - now).total_seconds(), 0.0)
