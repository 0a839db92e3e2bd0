"""Remarks at lines, where no hint is allowed: what happens there, and no order to change it."""

from __future__ import annotations

import pytest

from tasks.interviewing import check_remarks


def is_order(comment: str) -> bool:
    return bool([*check_remarks({"message": comment, "codeAnnotations 1": comment})])


@pytest.mark.parametrize(
    "comment",
    [
        "Take the larger of the old start and the new one here, so that it never goes back.",
        "Use a longer range here.",
        "This should be one more.",
        "Start the inner loop one further.",
        "You should swap the two branches.",
        "Return early where the list is empty.",
        "Setze den Zähler hier zurück.",
        "Hier sollte der größere Wert stehen.",
        "Cambia la condición de esta línea.",
        "Remplace la borne par la suivante.",
        "Замени условие на строгое.",
    ],
)
def test_an_order_to_change_a_line_is_found(comment: str) -> None:
    assert is_order(comment)


@pytest.mark.parametrize(
    "comment",
    [
        "Take the input [3, 2, 4]: which pair comes first here?",
        "Take a small example and follow it through this line.",
        "What should this be for an empty list?",
        "This line runs once for each pair.",
        "Start with a small case here.",
        "`start` moves back in the third round.",
        "Look at what this returns for 15.",
        "Hier wird jedes Paar zweimal verglichen.",
        "Añades el número después de buscarlo.",
        "Cette ligne est lue une fois par élément.",
        "Keep this in mind for later.",
        "Take note of the order of the two lines.",
    ],
)
def test_what_happens_at_a_line_may_be_said(comment: str) -> None:
    assert not is_order(comment)


def test_a_message_is_no_remark() -> None:
    assert not [*check_remarks({"message": "Use a longer range here."})]
