"""The published rule by which a review's scores follow from the model's.

- The overall score is the weighted mean of the category scores, halves rounded up. The usual four weigh 0.4
  (``correctness``) and 0.2 each (``efficiency``, ``readability``, ``edge_cases``). The lines of a job's own
  rubric weigh what they say of themselves ("40 %"), else the same (:func:`tasks.rubric.weights`).
- ``correctness`` and ``edge_cases``, by whatever name, score at most ten times the share of test cases that
  pass, rounded down, where that is known. Where tests ran and none passed, the overall score is 3 at most.
- A score rests on a quote from the code, ten included, or on the tests: on some that fail, in every category
  but ``efficiency`` and ``readability``; or on all that pass, for 9 and 10. A score that rests on nothing
  does not stand: its category is not judged.
- A category that is not judged (nothing was shown for it, or no code can show it) scores 5 and counts for
  nothing. If none is judged, the overall score is 5.
- Where ten test cases or more pass, and all of them, a ``correctness`` below 7 says that the tests are wrong.
  It is not taken.

The weights are a choice: code that does not work is of little use, however it reads.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from tasks.rubric import is_correctness, is_edge_cases, label, weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiplane.contracts import Category, ExecutionSummary

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"correctness": 0.4, "efficiency": 0.2, "readability": 0.2, "edge_cases": 0.2}
)
"""The usual categories, in their order, and what each weighs."""

CATEGORIES: tuple[str, ...] = tuple(WEIGHTS)

NOT_JUDGED = 5
"""The score of a category that was not judged; it counts for nothing."""

NOTHING_PASSES = 3
PRAISE = 9
SMALL_FAULTS = 7
ENOUGH_TESTS = 10

_NEEDS_A_QUOTE = frozenset({"efficiency", "readability"})


def overall_score(categories: Sequence[Category], *, rubric: bool, pass_share: float | None = None) -> int:
    """Compute the overall score, 0 to 10, from one or more categories: the usual ones, or a job's rubric."""
    names = [category.name for category in categories]
    each = weights(names) if rubric else [WEIGHTS[name] for name in names]
    judged = [
        (category.score, weight)
        for category, weight in zip(categories, each, strict=True)
        if category.judged is not False and weight > 0
    ]
    if not judged:
        return NOT_JUDGED
    total = sum(score * weight for score, weight in judged)
    # Sums of tenths are not exact: 7.5 may come out as 7.499…
    score = int(round(total / sum(weight for _, weight in judged), 6) + 0.5)
    return min(score, NOTHING_PASSES) if pass_share == 0 else score


def capped(name: str, score: int, pass_share: float | None) -> int:
    """Return the score that a category may have, given how many tests pass."""
    if pass_share is None or not (is_correctness(name) or is_edge_cases(name)):
        return score
    # The product of 0.29 and 100 is a little less than 29.
    return min(score, int(round(10 * pass_share, 6)))


def speaks_for_itself(name: str, score: int, run: ExecutionSummary | None) -> bool:
    """Tell whether the tests are evidence enough for a score in this category."""
    if run is None:
        return False
    if run.fails:
        return folded(label(name)) not in _NEEDS_A_QUOTE
    return run.pass_share == 1 and score >= PRAISE


def contradicts_the_tests(name: str, score: int, run: ExecutionSummary | None) -> bool:
    """Tell whether a score says that code is wrong which passed every test, and enough of them."""
    return is_correctness(name) and score < SMALL_FAULTS and all_pass(run)


def all_pass(run: ExecutionSummary | None) -> bool:
    """Tell whether enough tests ran to believe them, and all of them passed."""
    if run is None or run.fails or run.pass_share != 1:
        return False
    return run.passed is None or run.passed >= ENOUGH_TESTS
