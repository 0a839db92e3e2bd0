"""The idea that a model keeps back, told in its own words or in others."""

from __future__ import annotations

import pytest

from tasks.kept_back import check_kept_back, check_value
from tasks.known import Known

CODE = "def longest(s):\n    start = 0\n    lo, mid = 0, 0\n"
PROBLEM = "Merge the intervals. Words with equal counts come in some order."


def is_told(text: str, kept_back: str) -> bool:
    known = Known(CODE, PROBLEM)
    texts = {"message": text}
    return bool([*check_kept_back(texts, kept_back, known), *check_value(texts, kept_back, known)])


@pytest.mark.parametrize(
    ("kept_back", "text"),
    [
        ("take the maximum of start and the new place", "Take the larger of start and the new place."),
        ("numeric comparator passed to the call", "Pass a numeric comparator to it."),
        ("sort the intervals by their start first", "Now sort the intervals by their start."),
        ("remember each amount that was tried", "You could store every amount you tried."),
        ("the exact new bound for lo, mid + 1", "The lower bound becomes mid plus one."),
        ("the new bound mid + 1", "Let it be `mid+1`."),
        ("lo = mid - 1", "Es muss mid minus eins sein."),
        ("go from the back to the front", "You can go from the back to the front."),
    ],
)
def test_the_idea_is_recognised(kept_back: str, text: str) -> None:
    assert is_told(text, kept_back)


@pytest.mark.parametrize(
    ("kept_back", "text"),
    [
        ("compare words alphabetically when counts are equal", "What if two words have equal counts?"),
        ("nothing left to keep back", "Nothing is left to do: you may keep it and go back over it."),
        ("sort the intervals by their start first", "What is true of the intervals in the example?"),
        ("the new bound for lo, mid + 1", "Which bound is wrong when lo and mid are one apart?"),
        ("the new bound for lo, mid + 1", "Should it be mid plus one, and why?"),
        ("swap the two ends", "Which two values stand there?"),
    ],
)
def test_the_situation_and_a_question_do_not_tell_it(kept_back: str, text: str) -> None:
    assert not is_told(text, kept_back)
