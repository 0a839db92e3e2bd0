"""Whole solutions in a review: what replaces nearly everything, and what announces it."""

from __future__ import annotations

import pytest

from tasks.rewritten import check_rewritten, is_rewrite

TWENTY = [f"x{number} = {number}" for number in range(20)]


def faults(text: str) -> str:
    return " ".join(fault.wrong for fault in check_rewritten({"summary": text}) if fault.is_must)


@pytest.mark.parametrize(("start", "end", "expected"), [(1, 20, True), (2, 18, True), (5, 15, False)])
def test_what_replaces_nearly_all_lines_is_a_rewrite(start: int, end: int, expected: bool) -> None:
    assert is_rewrite(TWENTY, start, end) is expected


def test_a_short_program_may_be_replaced_and_blank_lines_are_none() -> None:
    assert not is_rewrite(TWENTY[:5], 1, 5)
    assert not is_rewrite([*TWENTY[:5], *[""] * 15], 1, 20)


@pytest.mark.parametrize(
    "text",
    [
        "Here is the complete solution.",
        "Here's your corrected function.",
        "I have rewritten your code completely.",
        "You can submit it as it is.",
        "Just copy it over and you are done.",
        "Hier ist die fertige Lösung.",
        "Voici la solution complète.",
        "以下是完整的解答。",
    ],
)
def test_a_finished_solution_that_is_handed_over_is_found(text: str) -> None:
    assert faults(text) == "hands over a finished solution"


@pytest.mark.parametrize(
    "text",
    [
        "I would rewrite the loop with one index.",
        "The whole solution is clear, and here is the one weak point.",
        "You copy the list in line 3 on each call.",
        "The replacement shows the corrected line.",
        "Here is the corrected version of line 3.",
        "You can use it directly as a key.",
        "Collect the row first, then copy it over to the result.",
        "Rewrite the function around one pass.",
    ],
)
def test_advice_is_no_finished_solution(text: str) -> None:
    assert faults(text) == ""
