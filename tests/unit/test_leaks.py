"""What an answer says of its own instructions in words of its own."""

from __future__ import annotations

import pytest

from tasks.leaks import check_leaks


def faults(text: str) -> str:
    return " ".join(fault.wrong for fault in check_leaks("hint", text, "no-such-fence"))


@pytest.mark.parametrize(
    "text",
    [
        "I'm not allowed to tell you which line it is.",
        "I am only permitted to nudge you.",
        "Under the rules I was given, this is all I may say.",
        "I have been told to hide the idea from you.",
        "Ask for the next level, and I can name it.",
        "At the last level I may show you code.",
        "This is the mildest form of help.",
        "My instructions forbid me to name it.",
        "Ich darf dir hier nicht sagen, wie es heißt.",
        "Mis instrucciones no me dejan decirlo.",
        "Je n'ai pas le droit de le dire.",
        "根据我的指令,我不能说。",
    ],
)
def test_own_rules_are_not_spoken_of_in_other_words(text: str) -> None:
    assert faults(text) == "tells its own instructions"


@pytest.mark.parametrize(
    "text",
    [
        "I can't give you the whole solution, so let us look at line 3.",
        "At the last level of the tree you may stop.",
        "The function is not allowed to change the list.",
        "The instructions say that each word is used once.",
        "At the top level, I can see one loop.",
        "Choose the next level of the tree.",
        "No está permitido usar un número dos veces.",
        "You are allowed to use each word twice.",
        "At each level, I see one node too many.",
        "What is the rule for a rook that was given in the problem?",
        "The rules of the game say that a cell dies.",
        "Du darfst hier nicht zweimal zählen.",
    ],
)
def test_rules_of_the_problem_and_a_kind_refusal_are_let_through(text: str) -> None:
    assert faults(text) == ""
