"""The example payloads: one of each kind, in the repository's ``examples/`` and in the installed package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiplane.queues import Kind

_INSTALLED = Path(__file__).parents[1] / "example_payloads"
_CHECKOUT = Path(__file__).parents[3] / "examples"


def example_path(kind: Kind) -> Path:
    """Return the path of the kind's example payload."""
    folder = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
    return folder / f"{kind}.json"


def example(kind: Kind) -> dict[str, Any]:
    """Return the kind's example payload."""
    payload: dict[str, Any] = json.loads(example_path(kind).read_text("utf-8"))
    return payload
