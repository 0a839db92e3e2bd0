"""JSON as Node reads it: without NaN and the infinities, which Python's own reader takes."""

from __future__ import annotations

import json
from typing import Any


def read_json(text: str) -> Any:
    """Read JSON text that anyone may have written.

    Raises:
        ValueError: it is not JSON, or nested too deeply to be read.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
