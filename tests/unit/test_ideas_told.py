"""Techniques told in everyday words, in several languages, and what tells none."""

from __future__ import annotations

import pytest

from tasks.ideas_told import check_ideas, ideas_told
from tasks.known import Known

TOLD = [
    ("stack", "Check each closing bracket against the latest that is still open."),
    ("stack", "Erledige immer zuerst den letzten, der noch wartet."),
    ("stack", "閉じ括弧が来たら一番上に重ねた開き括弧と比べて、合っていれば取り除きます。"),
    ("hash map", "For each number see whether the partner that it needs has already gone by."),
    ("hash map", "Regarde si celui qui manque a déjà été vu."),
    ("sliding window", "Lass vorne so lange Zeichen weg, bis keines mehr doppelt ist."),
    ("binary search", "Look at the one in the middle, and forget the part that cannot hold it."),
    ("binary search", "Mira el número del medio y descarta la mitad que sobra."),
    ("two pointers", "先取最左和最右的两条线,每次把较矮的那条向里挪一格。"),
    (
        "tortoise and hare",
        "Пусти двоих: один шагает по одному узлу, другой по два, и быстрый догонит медленного.",
    ),
    ("heap", "Hold on to just k of the numbers."),
    ("heap", "いちばん早く空く部屋を最初に見て、空いていれば使います。"),
    ("sort", "Take the meetings from the earliest start to the latest."),
    ("dynamic programming", "Descubra a melhor resposta para o valor 1, depois para 2."),
    ("cache", "Note down the result of each house, and read it off instead of working it out."),
    ("prefix sums", "Carry along the total of everything from the start to where you are."),
    ("bit mask", "Denk an eine Rechnung, bei der sich zwei gleiche Zahlen gegenseitig aufheben."),
    ("breadth first", "Spread out from the start, so that each cell gets its distance."),
    ("flood fill", "Walk to all land that hangs together with it and turn it into water."),
    ("topological sort", "First do what needs nothing."),
    ("running best", "Как только сумма стала отрицательной, сбрось её."),
    ("reversal", "Put the next node aside, and let the arrow point to the one before it."),
    ("backtracking", "Make a choice, go on, and take it back afterwards."),
    ("recursion", "Ask the same question of the left and of the right part."),
    ("union find", "Give each group a leader, and merge two groups where a road joins them."),
]


@pytest.mark.parametrize(("technique", "text"), TOLD)
def test_what_a_technique_does_tells_it(technique: str, text: str) -> None:
    assert technique in ideas_told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Which of the brackets that are still open must the closing one match, the latest or the first?",
        "Your loop throws the left half away and keeps the middle.",
        "Trace by hand which number is dropped until nothing is left.",
        "Think about which meeting has to be first and which room is free.",
        "For `middle` and `half` the code drops nothing.",
        "Two tests with only negative numbers do not pass.",
        "The same houses are worked out over and over.",
        "Der Zähler kennt die Art der Klammern nicht.",
        "小さな例では正しい答えになっています。",
    ],
)
def test_a_question_the_candidates_code_and_an_observation_tell_nothing(text: str) -> None:
    assert not ideas_told(text)


def test_the_fault_is_none_where_the_candidate_has_the_idea() -> None:
    text = {"message": "Check each closing one against the latest that is still open."}
    told = [*check_ideas("reply", text, Known("x = 1", "Brackets."))]
    assert [fault.is_must for fault in told] == [True]
    assert told[0].place == "reply"
    assert not [*check_ideas("reply", text, Known("stack = []\nstack.pop()", "Brackets."))]
    assert not [*check_ideas("reply", text, Known("x = 1", "Brackets.", ["I would use a stack."]))]
    assert not [*check_ideas("reply", {"message": None}, Known("x = 1", "Brackets."))]


@pytest.mark.parametrize(
    "text",
    [
        "For each bar work out the highest one up to it, and keep the smaller of the two.",
        "Of those that are not done, always take the one that is reached first, and update its neighbours.",
        "Remplis chaque case avec un de plus que la plus petite des trois cases voisines.",
        "把每一天和之前最小的价格比较并记住最大的差。",
    ],
)
def test_a_sentence_that_says_much_in_general_tells_a_way(text: str) -> None:
    assert [*check_ideas("hint", {"hint": text}, Known("", ""))]
    assert not [*check_ideas("hint", {"hint": text}, Known("", "", [text]))]


@pytest.mark.parametrize(
    "text",
    [
        "You compare each bar with the highest one so far, and keep the smaller of the two.",
        "Write down for each bar the highest one so far, and the smaller of the two.",
        "It is right that each bar keeps the highest one up to it and the smaller of the two.",
        "With so many bars, looking at each of the smaller ones again and again would take too long.",
        "Every bar holds the smaller of the two.",
        "The count grows with every cell, although several cells may belong to the same thing.",
        "Check it with one day, then with two days, and write both results next to each other.",
        "Exactly, you keep the smallest value so far and compare each new one with it.",
        "Chaque appel refait une bonne partie du travail du précédent.",
        "现在每次查询都要从头走一遍,所以数据越多越慢。",
    ],
)
def test_a_description_an_example_and_a_short_sentence_tell_none(text: str) -> None:
    assert not [*check_ideas("hint", {"hint": text}, Known("", ""))]
