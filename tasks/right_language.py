"""The language of an answer: the one that was asked for, or else that of the candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.text.language import is_written_in, language_of
from tasks.faults import Fault, must, should

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.providers.llm import LLM


LATEST_TURNS = 5
"""So many of a candidate's turns tell in which language they write."""


def expected_language(tag: str | None, llm: LLM) -> str | None:
    """Return the language that an answer must be in: none for the offline coach, which knows one only."""
    return None if llm.provider == "offline" else tag


def check_language(texts: Mapping[str, str | None], tag: str | None) -> Iterator[Fault]:
    """Check the language of each text, and of all of them together where each is too short to tell."""
    if tag is None:
        return
    wrong = [place for place, text in texts.items() if text and is_written_in(text, tag) is False]
    whole = "\n".join(text for text in texts.values() if text)
    if not wrong and is_written_in(whole, tag) is False:
        wrong = ["answer"]
    for place in wrong:
        yield must(
            place,
            "is not in the language that was asked for",
            f"Write it in the language {tag}.",
        )


def candidates_language(turns: Sequence[str]) -> str | None:
    """Return the tag of the language that a candidate surely writes."""
    return language_of("\n".join(turns[-LATEST_TURNS:]))


def check_own_language(texts: Mapping[str, str | None], tag: str | None) -> Iterator[Fault]:
    """Check that an answer is in the language that the candidate writes, where none was asked for."""
    whole = "\n".join(text for text in texts.values() if text)
    if tag is not None and is_written_in(whole, tag) is False:
        yield should("reply", "is not in the language that the candidate writes", f"Write it in {tag}.")
