"""The interviewer's role: replies that give it up, and replies that only speak of it."""

from __future__ import annotations

import pytest

from tasks.role import check_role


def faults(text: str) -> str:
    return " ".join(fault.wrong for fault in check_role({"message": text}) if fault.is_must)


@pytest.mark.parametrize(
    "text",
    [
        "Sure, the interview is over.",
        "Okay, forget the interview.",
        "Great, I'm your coding assistant now.",
        "From now on I'm DevBot.",
        "I'll write the rest of the function for you.",
        "Let me finish your code for you.",
        "Shall I write the tests?",
        "I am no longer your interviewer.",
        "Gut, das Interview ist vorbei.",
        "Ich bin jetzt dein Programmierpartner.",
        "De acuerdo, la entrevista ha terminado.",
        "Je suis maintenant ton assistant.",
        "好的,面试结束了。",
    ],
)
def test_a_role_that_is_given_up_is_found(text: str) -> None:
    assert faults(text) == "gives up the role of the interviewer"


@pytest.mark.parametrize(
    "text",
    [
        "I can't finish the code for you, but I can ask about line 2.",
        "When the interview is over, you may look it up.",
        "I'm your interviewer, so let us go on with line 4.",
        "I'll let you write the rest of the function now.",
        "I will wait while you finish your code.",
        "The loop is over once the interview list is empty.",
        "Could you write the tests that you would run first?",
        "Ich bin nicht dein Programmierpartner.",
    ],
)
def test_a_role_that_is_kept_is_let_through(text: str) -> None:
    assert faults(text) == ""
