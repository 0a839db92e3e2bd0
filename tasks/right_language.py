"""The language of an answer: the one that was asked for, as far as that can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.written_in import is_written_in
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiplane.llm import LLM


def expected_language(tag: str | None, llm: LLM) -> str | None:
    """Return the language that an answer must be in: none for the offline coach, which knows one only."""
    return None if llm.provider == "offline" else tag


def check_language(texts: Mapping[str, str | None], tag: str | None) -> Iterator[Fault]:
    """Check the language of each text, and of all of them together where each is too short to tell.

    Where no language was asked for, the answer may be in the candidate's own.
    """
    if tag is None:
        return
    wrong = [place for place, text in texts.items() if text and is_written_in(text, tag) is False]
    whole = "\n".join(text for text in texts.values() if text)
    if not wrong and is_written_in(whole, tag) is False:
        wrong = ["answer"]
    for place in wrong:
        yield must(place, "is not in the language that was asked for", f"Write it in the language {tag}.")
