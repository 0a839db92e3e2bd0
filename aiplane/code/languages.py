"""The programming languages whose code is measured and parsed."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "python": "py",
        "javascript": "js",
        "typescript": "ts",
        "java": "java",
        "cpp": "cpp",
        "c": "c",
        "go": "go",
        "rust": "rs",
    }
)
"""Each of them by its name in payloads, and how its files end, by which lizard knows it."""
