"""What makes a hint one that teaches, beyond keeping its level: rules that should hold.

- 80 to 160 words, and in English a reading level of US grade 9 or below (Flesch-Kincaid): what educators
  ranked best, whoever wrote the hint (arXiv 2411.18151). Nobody counts to the word: an answer goes back only
  where it misses the length by a tenth or more. The field's own words, and those of the problem, are no
  harder for who works on it than other words. In other languages the length alone is checked.
- One way forward: no alternatives, which the same educators ranked worst. One step: no list, except that a
  direct hint may have up to four small steps (arXiv 2410.09268 bounds the size of a step).
- Nothing of the latest eight hints is said again: less than half of it, by runs of four words.
- Concepts are terms, not sentences.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from aiplane.text.measures import count_words, reading_grade, repeated_share
from tasks.faults import Fault, should

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aiplane.contracts import HintLevel, PreviousHint

LEAST_WORDS, MOST_WORDS = 80, 160
TOLERANCE = 0.1
HIGHEST_GRADE = 9.0
MOST_REPEATED = 0.5
RECENT_HINTS = 8
MOST_STEPS: Mapping[HintLevel, int] = MappingProxyType({"gentle": 0, "moderate": 0, "direct": 4})
LONGEST_CONCEPT_WORDS = 6

_STEP = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s+\S", re.MULTILINE)
_GOES_WRONG = (
    r"(?! (?:\w+ )?(?:miss|skip|lose|end up|get|run|overflow|crash|fail|forget|overwrite|count|hit|go out"
    r"|read|loop))"
)
_OTHER_WAY = re.compile(
    rf"\b(?:alternatively|as an alternative|another (?:way|option|approach|idea) (?:is|would|could|might)"
    rf"|or you (?:could|can){_GOES_WRONG}|you could also{_GOES_WRONG}|a different (?:way|approach) (?:is"
    rf"|would)"
    r"|option (?:1|2|a|b|one|two)\b|there are (?:two|three|several|many) ways"
    r"|alternativ (?:kannst|konntest|konnte)|oder du konntest auch|eine andere (?:moglichkeit|losung) (?:ist"
    r"|ware)"
    r"|como alternativa|otra (?:forma|opcion|manera) (?:es|seria)|tambien podrias"
    r"|sinon, tu (?:peux|pourrais)|une autre (?:facon|option|approche) (?:est|serait)|tu pourrais aussi"
    r"|outra (?:forma|opcao|maneira) (?:e|seria)|voce tambien pode|un'altra (?:strada|opzione|idea) (?:e"
    r"|sarebbe)"
    r"|другои (?:способ|вариант)|или (?:ты можешь|можно) также)\b"
    r"|另一种(?:方法|思路)是|或者你也可以|別の方法(?:として|は)"
)
_OF_THE_FIELD = frozenset(
    [
        "algorithm",
        "algorithms",
        "array",
        "arrays",
        "binary",
        "boundary",
        "calculate",
        "calculated",
        "calculation",
        "character",
        "characters",
        "combination",
        "complexity",
        "condition",
        "conditions",
        "constant",
        "counter",
        "counters",
        "decrement",
        "dictionary",
        "dynamic",
        "element",
        "elements",
        "empty",
        "equation",
        "exponential",
        "expression",
        "function",
        "functions",
        "identifier",
        "increment",
        "index",
        "indices",
        "initial",
        "initialize",
        "initialized",
        "input",
        "inputs",
        "integer",
        "integers",
        "interval",
        "intervals",
        "invariant",
        "iterate",
        "iteration",
        "iterations",
        "iterative",
        "linear",
        "logarithmic",
        "loop",
        "loops",
        "memoization",
        "memory",
        "modify",
        "modulo",
        "negative",
        "neighbor",
        "neighbors",
        "operation",
        "operations",
        "operator",
        "operators",
        "output",
        "parameter",
        "parameters",
        "pointer",
        "pointers",
        "position",
        "positions",
        "priority",
        "problem",
        "program",
        "quadratic",
        "queue",
        "recalculate",
        "recursion",
        "recursive",
        "recursively",
        "repeatedly",
        "sequence",
        "sequences",
        "solution",
        "solutions",
        "statement",
        "statements",
        "structure",
        "substring",
        "substrings",
        "traversal",
        "traverse",
        "undefined",
        "value",
        "values",
        "variable",
        "variables",
        "evaluate",
        "evaluated",
        "evaluation",
    ]
)


def check_form(level: HintLevel, hint: str, *, is_english: bool, known_words: str = "") -> Iterator[Fault]:
    """Check the length, the reading level, and that there is one step and one way.

    Args:
        level: of the hint.
        hint: its text.
        is_english: whether it is written in English.
        known_words: the problem and the code in folded form: their words are not hard for who works on them.
    """
    words = count_words(hint)
    if not LEAST_WORDS * (1 - TOLERANCE) <= words <= MOST_WORDS * (1 + TOLERANCE):
        longer = "Say more." if words < LEAST_WORDS else "Say less."
        yield should("hint", f"has {words} words, and it should have {LEAST_WORDS} to {MOST_WORDS}", longer)
    if (steps := len(_STEP.findall(hint))) > MOST_STEPS[level]:
        most = f"a {level} hint may list {MOST_STEPS[level]}"
        yield should("hint", f"lists {steps} steps, and {most}", "Give the one step that comes next.")
    if _OTHER_WAY.search(folded(hint)):
        yield should("hint", "offers more than one way forward", "Keep the one that fits the code best.")
    if (
        is_english
        and (grade := reading_grade(hint, plain=_OF_THE_FIELD | frozenset(known_words.split())))
        > HIGHEST_GRADE
    ):
        yield should(
            "hint",
            f"reads at US grade {grade:.1f}, and {HIGHEST_GRADE:g} is the highest",
            "Write shorter sentences and shorter words.",
        )


def check_new(hint: str, given: Sequence[PreviousHint]) -> Iterator[Fault]:
    """Check that a hint says something that the latest ones did not."""
    if any(repeated_share(hint, past.hint) >= MOST_REPEATED for past in given[-RECENT_HINTS:]):
        yield should("hint", "repeats an earlier one", "Give the step that follows it.")


def terms(concepts: Iterable[str]) -> tuple[str, ...]:
    """Return the concepts that are terms: a sentence among them is left out."""
    return tuple(
        concept
        for concept in concepts
        if count_words(concept) <= LONGEST_CONCEPT_WORDS and "\n" not in concept
    )
