"""What makes a hint one that teaches, beyond keeping its level; each rule is checked on the model's answer.

- 80 to 160 words, and in English a reading level of US grade 9 or below (Flesch-Kincaid): what educators
  ranked best, whoever wrote the hint (arXiv 2411.18151). In other languages the length alone is checked.
- One way forward: no alternatives, which the same educators ranked worst. One step: no list, except that a
  direct hint may have up to four small steps (arXiv 2410.09268 bounds the size of a step).
- Nothing of the latest eight hints is said again: less than half of it, by runs of four words.
- Concepts are terms, not sentences.
- A line that is named exists.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.errors import LLMInvalidResponseError
from aiplane.wording import count_words, reading_grade, repeated_share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aiplane.contracts import HintLevel, PreviousHint

LEAST_WORDS, MOST_WORDS = 80, 160
HIGHEST_GRADE = 9.0
MOST_REPEATED = 0.5
RECENT_HINTS = 8
MOST_STEPS: Mapping[HintLevel, int] = MappingProxyType({"gentle": 0, "moderate": 0, "direct": 4})
LONGEST_CONCEPT_WORDS = 6

_STEP = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+\S", re.MULTILINE)
_OTHER_WAY = re.compile(
    r"\b(?:alternatively|as an alternative|another (?:way|option|approach|idea) (?:is|would|could|might)"
    r"|or you (?:could|can|might)|you could also|a different (?:way|approach) (?:is|would)"
    r"|option (?:1|2|a|b|one|two)\b|there are (?:two|three|several|many) ways)",
    re.IGNORECASE,
)
_LINE_NAMED = re.compile(
    r"\blines?\s+(\d{1,7})(?:\s*(?:to|and|-|\u2013|through)\s*(\d{1,7}))?", re.IGNORECASE
)


def check_form(level: HintLevel, hint: str, *, is_english: bool) -> None:
    """Check the length, the reading level, and that there is one step and one way.

    Raises:
        LLMInvalidResponseError: the first rule that is broken, with the figure that broke it.
    """
    words = count_words(hint)
    if not LEAST_WORDS <= words <= MOST_WORDS:
        raise LLMInvalidResponseError(
            f"The model's hint has {words} words, and it must have {LEAST_WORDS} to {MOST_WORDS}."
        )
    if len(_STEP.findall(hint)) > MOST_STEPS[level]:
        raise LLMInvalidResponseError(
            f"The model's hint is a list of steps, and a {level} hint may list {MOST_STEPS[level]}."
        )
    if not is_english:
        return
    grade = reading_grade(hint)
    if grade > HIGHEST_GRADE:
        raise LLMInvalidResponseError(
            f"The model's hint reads at US grade {grade:.1f}, and {HIGHEST_GRADE:g} is the highest: "
            "shorter sentences and shorter words are needed."
        )
    if _OTHER_WAY.search(hint):
        raise LLMInvalidResponseError("The model's hint offers more than one way forward.")


def check_new(hint: str, given: Sequence[PreviousHint]) -> None:
    """Check that a hint says something that the latest ones did not.

    Raises:
        LLMInvalidResponseError: half of it or more was said before.
    """
    for past in given[-RECENT_HINTS:]:
        if repeated_share(hint, past.hint) >= MOST_REPEATED:
            raise LLMInvalidResponseError("The model's hint repeats an earlier one; the next step is needed.")


def check_concepts(concepts: Iterable[str]) -> None:
    """Check that each concept is a term.

    Raises:
        LLMInvalidResponseError: one is a sentence or more.
    """
    if any(count_words(concept) > LONGEST_CONCEPT_WORDS or "\n" in concept for concept in concepts):
        raise LLMInvalidResponseError(
            f"The model's related concepts must be terms of {LONGEST_CONCEPT_WORDS} words at most."
        )


def check_lines_named(texts: Iterable[str | None], lines: int) -> None:
    """Check that every line that a text names ("line 3", "lines 3 to 5") is one that the code has.

    Raises:
        LLMInvalidResponseError: a line is named that does not exist.
    """
    named = [
        int(number)
        for text in texts
        if text
        for pair in _LINE_NAMED.findall(text)
        for number in pair
        if number
    ]
    if any(not 1 <= number <= max(1, lines) for number in named):
        raise LLMInvalidResponseError(f"The model names a line that does not exist; the code has {lines}.")
