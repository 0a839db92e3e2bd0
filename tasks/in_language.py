"""Our own words in the language that a person reads, where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def in_language(tag: str | None, words: Mapping[str, str]) -> str:
    """Return the words for the language of a tag; the English ones where there are no others."""
    return words.get((tag or "en").lower().split("-")[0], words["en"])
