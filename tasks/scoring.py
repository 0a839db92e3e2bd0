"""The published rule by which a review's overall score follows from its category scores.

- The overall score is the weighted mean of the category scores, halves rounded up. The usual four weigh 0.4
  (``correctness``) and 0.2 each (``efficiency``, ``readability``, ``edge_cases``). The lines of a job's own
  rubric weigh the same, whatever their names are.
- A category named ``correctness`` scores at most ten times the share of test cases that pass, rounded down,
  where that is known.
- A score below 10 rests on evidence. Failed tests are evidence for ``correctness`` and ``edge_cases``, and
  for a rubric's own categories, about which we know nothing.

The weights are a choice: code that does not work is of little use, however it reads.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiplane.contracts import Category

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"correctness": 0.4, "efficiency": 0.2, "readability": 0.2, "edge_cases": 0.2}
)
"""The usual categories, in their order, and what each weighs."""

CATEGORIES: tuple[str, ...] = tuple(WEIGHTS)

NOT_JUDGED = 5
"""The score of a category that was not judged; it counts for nothing."""

_NEEDS_A_QUOTE = frozenset({"efficiency", "readability"})


def overall_score(categories: Sequence[Category], *, rubric: bool) -> int:
    """Compute the overall score, 0 to 10, from one or more categories: the usual ones, or a job's rubric."""
    judged = [category for category in categories if category.judged is not False]
    if not judged:
        return NOT_JUDGED
    weights = [1.0 if rubric else WEIGHTS[category.name] for category in judged]
    total = sum(weight * category.score for weight, category in zip(weights, judged, strict=True))
    # Sums of tenths are not exact: 7.5 may come out as 7.499…
    return int(round(total / sum(weights), 6) + 0.5)


def capped(name: str, score: int, pass_share: float | None) -> int:
    """Return the score that a category may have, given how many tests pass."""
    if pass_share is None or name.casefold() != "correctness":
        return score
    return min(score, int(10 * pass_share))


def speaks_for_itself(name: str, *, tests_fail: bool) -> bool:
    """Tell whether failed tests are evidence enough for a low score in this category."""
    return tests_fail and name.casefold() not in _NEEDS_A_QUOTE
