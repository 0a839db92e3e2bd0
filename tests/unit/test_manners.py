"""Manners: insults and verdicts on the person, and hard words that are none."""

from __future__ import annotations

import pytest

from tasks.manners import check_manners


def faults(text: str) -> str:
    found = [*check_manners({"message": text})]
    assert all(fault.is_must for fault in found)
    return " ".join(fault.wrong for fault in found)


@pytest.mark.parametrize(
    "text",
    [
        "Anybody with half a brain sees that.",
        "This is stupid work.",
        "You should be ashamed to hand in such trash.",
        "Maybe this job is not for you.",
        "Revise your basics before you come here.",
        "Even a child could do it.",
        "Shut up and think.",
        "Yes, your code is garbage.",
        "Come on, grow up.",
        "You could not be bothered to test it.",
        "Maybe you are in the wrong job.",
        "This interview is too much for you.",
        "It is easy if you just think for once.",
        "Anyone with some experience sees at a glance what fails.",
        "A first-year student gets this right.",
        "Did you even read the problem?",
        "It is surprising that you don't see it.",
        "This is plain lazy.",
        "Werd endlich erwachsen.",
        "Deine Laune ist dein Problem, du Idiot.",
        "Das ist einfach nur peinlich.",
        "Eres tonto.",
        "Ton code est stupide.",
        "Que vergonha de código.",
        "Ты бездарность.",
        "你的代码是垃圾。",
        "こんなコードは恥ずかしい。",
    ],
)
def test_an_insult_is_found(text: str) -> None:
    assert faults(text) == "is rude to the candidate"


@pytest.mark.parametrize(
    "text",
    [
        "We will hire you.",
        "You passed the interview.",
        "The job is yours.",
        "You are rejected.",
        "Wir stellen Sie ein.",
        "Has superado la entrevista.",
        "Vous êtes embauché.",
        "恭喜,你被录用了。",
        "面接に合格です。",
    ],
)
def test_a_verdict_on_the_person_is_found(text: str) -> None:
    assert faults(text) == "decides about the person"


@pytest.mark.parametrize(
    "text",
    [
        "No question is stupid here.",
        "Your code is not garbage: three tests pass.",
        "The garbage collector frees it later.",
        "Garbage in, garbage out, as they say.",
        "I can't say whether you passed the interview.",
        "It's not my place to tell you if you get the job.",
        "The job queue grows without bound.",
        "This branch is useless, for the loop ends before it.",
        "Der Zähler wird auf null eingestellt.",
        "La variable no es nula, y el bucle acaba.",
        "A generator is just lazy: it computes when somebody asks.",
        "Das Ergebnis ist hier falsch.",
        "Die Folge wird faul ausgewertet.",
        "Denk mal nach, was in Zeile 3 passiert.",
        "It is surprising that you don't need a second loop here, and it is right.",
        "Do you see now why the last element is skipped?",
        "Is there any value that could reach it?",
        "Everyone can read these names.",
        "Use a lazy evaluation, so that nothing is computed twice.",
        "The list may grow up to a million entries.",
        "Is the pointer in the wrong place after line 3?",
        "The last value is too much for an int.",
        "Anyone who reads line 3 will see what is kept.",
        "It is surprising that the second test passes.",
        "The interview is not a race, so take your time.",
        "A beginner's mistake like this happens to all of us.",
        "The worst case is bad for large inputs.",
        "没有愚蠢的问题。",
        "Such a trie would be wasteful here.",
    ],
)
def test_hard_words_that_hurt_nobody_pass(text: str) -> None:
    assert faults(text) == ""
