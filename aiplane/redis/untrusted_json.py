"""JSON that stands in Redis, where anyone may have written it."""

from __future__ import annotations

import json
from typing import Any


def read_stored(text: str | None) -> Any:
    """Return the value of JSON text; None if it is not JSON as Node reads it. It never raises."""
    try:
        return json.loads(text or "", parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def read_object(text: str | None) -> dict[str, Any]:
    """Return the object of JSON text; an empty one if it is something else. It never raises."""
    value = read_stored(text)
    return value if isinstance(value, dict) else {}


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
