"""``Retry-After`` as providers write it: seconds, or a date of HTTP's."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = (("retry-after-ms", 0.001), ("retry-after", 1.0))
"""The headers, the more exact one first, with what one of its units is in seconds."""


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds after which a provider wants to be asked again; None where it does not say.

    A date is held against the server's own clock, where it tells it: ours may be another.
    """
    for name, unit in _UNITS:
        seconds = _number(headers.get(name, ""))
        if seconds is not None:
            return seconds * unit
    until = _date(headers.get("retry-after", ""))
    if until is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return max((until - now).total_seconds(), 0.0)


def _number(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
