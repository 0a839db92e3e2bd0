"""What makes a hint one that teaches: each rule, and what it lets through."""

from __future__ import annotations

import pytest

from aiplane.contracts import HintLevel, PreviousHint
from tasks.faults import Fault
from tasks.known import Known
from tasks.named_lines import check_lines_named, lines_named
from tasks.teaching import check_form, check_new, terms
from tasks.techniques import check_technique
from tests.unit.scripted import GOOD_HINT

HARD = "Consideration of asymptotic characteristics necessitates comprehensive reorganisation. " * 12
OTHER = " ".join(f"Word{number} stands here for a thing that nobody has said so far." for number in range(9))


def form(hint: str, level: HintLevel = "gentle", *, is_english: bool = True, known: str = "") -> str:
    faults = [*check_form(level, hint, is_english=is_english, known_words=known)]
    assert not any(fault.is_must for fault in faults)
    return " ".join(fault.wrong for fault in faults)


def test_a_good_hint_passes() -> None:
    for level in ("gentle", "moderate", "direct"):
        assert form(GOOD_HINT, level) == ""


@pytest.mark.parametrize("words", [71, 177])
def test_a_hint_has_80_to_160_words(words: int) -> None:
    hint = "Go on. " * (words // 2) + "Now " * (words % 2)

    assert f"has {words} words, and it should have 80 to 160" in form(hint)


@pytest.mark.parametrize("words", [72, 80, 160, 176])
def test_the_bounds_of_the_length_are_met_by_a_tenth(words: int) -> None:
    assert form("Go on. " * (words // 2)) == ""


def test_a_hint_in_chinese_is_measured_in_characters() -> None:
    assert form("先看看这个例子里的每一步。" * 15, is_english=False) == ""
    assert "words" in form("先看看这个例子里的每一步。" * 5, is_english=False)


def test_a_hint_reads_at_grade_nine_or_below() -> None:
    assert "and 9 is the highest" in form(HARD + "Go on. " * 5)


def test_the_grade_of_another_language_is_not_known() -> None:
    assert form(HARD + "Go on. " * 5, is_english=False) == ""


def test_the_words_of_the_field_and_of_the_problem_are_not_hard() -> None:
    field = "Your recursive solution does many operations, and memoization in a dictionary mends that. " * 6
    problem = "The accountability of the administration depends on representatives that deliberate. " * 8

    assert form(field) == ""
    assert "grade" in form(problem)
    assert form(problem, known=problem.lower().replace(".", "")) == ""


@pytest.mark.parametrize(
    "words",
    [
        "Alternatively, begin at the end.",
        "Or you could begin at the end.",
        "Another way is to begin at the end.",
        "There are two ways to go on.",
        "Option 2: begin at the end.",
        "Alternativ kannst du am Ende beginnen.",
        "También podrías empezar por el final.",
        "Une autre approche serait de partir de la fin.",
        "\u53e6\u4e00\u79cd\u65b9\u6cd5\u662f\u4ece\u540e\u9762\u5f00\u59cb\u3002",
    ],
)
def test_there_is_one_way_forward(words: str) -> None:
    assert "more than one way" in form(f"{GOOD_HINT} {words}")


@pytest.mark.parametrize(
    "words",
    [
        "Keep going while one is left, or you might skip the last element.",
        "Check it first, or you could miss the empty case.",
        "Stop there, or you can end up outside of the list.",
    ],
)
def test_what_goes_wrong_is_no_second_way(words: str) -> None:
    assert form(f"{GOOD_HINT} {words}") == ""


def steps(count: int) -> str:
    return GOOD_HINT + "".join(f"\n{number}. Look there." for number in range(1, count + 1))


@pytest.mark.parametrize(("level", "most"), [("gentle", 0), ("moderate", 0), ("direct", 4)])
def test_there_is_one_step_and_a_direct_hint_may_cut_it_into_four(level: HintLevel, most: int) -> None:
    assert form(steps(most), level) == ""
    assert f"lists {most + 1} steps" in form(steps(most + 1), level)


def repeats(hint: str, given: list[PreviousHint]) -> list[Fault]:
    return [*check_new(hint, given)]


@pytest.mark.parametrize("given", [GOOD_HINT, GOOD_HINT.upper(), GOOD_HINT[:380], f"Well. {GOOD_HINT} So."])
def test_a_hint_does_not_repeat_an_earlier_one(given: str) -> None:
    assert repeats(GOOD_HINT, [PreviousHint(hint=given), PreviousHint(hint="Something else.")])


def test_what_was_said_eight_hints_ago_may_be_said_again() -> None:
    later = [PreviousHint(hint=f"{OTHER} {number}") for number in range(8)]

    assert not repeats(GOOD_HINT, [PreviousHint(hint=GOOD_HINT), *later])
    assert repeats(GOOD_HINT, [PreviousHint(hint=GOOD_HINT), *later[1:]])


def test_concepts_are_terms() -> None:
    good = ("time complexity", "the cost of a library call")

    assert terms([*good, "use the first loop to fill it and then go back", "two\nlines"]) == good


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Look at line 5.", [5]),
        ("See lines 2 to 5.", [2, 5]),
        ("Line 0 is odd.", [0]),
        ("lines 4-9", [4, 9]),
        ("lines 3, 4 and 9", [3, 4, 9]),
        ("In Zeile 12 steht", [12]),
        ("Zeilen 3 bis 7", [3, 7]),
        ("mira la l\u00ednea 15", [15]),
        ("las l\u00edneas 3 y 4", [3, 4]),
        ("\u00e0 la ligne 8", [8]),
        ("na linha 6", [6]),
        ("alla riga 6", [6]),
        ("\u0432 \u0441\u0442\u0440\u043e\u043a\u0435 9", [9]),
        ("\u7b2c12\u884c", [12]),
        ("\u7b2c 3 \u884c\u5230\u7b2c 5 \u884c", [3, 5]),
        ("7\u884c\u76ee", [7]),
        ("12\ubc88\uc9f8 \uc904", [12]),
        ("LINE \uff17", [7]),
        ("an online 5 star", []),
        ("5 lines of code", []),
        ("It is sorted 25000 times.", []),
        ("Sort 500 words.", []),
        ("5. sor; a sorban 5", [5]),
        ("3 \u884c 4 \u5217\u7684\u77e9\u9635", []),
    ],
)
def test_lines_are_named_in_many_ways(text: str, lines: list[int]) -> None:
    assert lines_named(text) == lines


@pytest.mark.parametrize("text", ["Look at line 5.", "See lines 2 to 5.", "Line 0 is odd.", "Zeile 5"])
def test_lines_that_are_named_exist(text: str) -> None:
    assert not [*check_lines_named("hint", "Line 1, lines 2 to 4 and line 4.", 4)]
    assert not [*check_lines_named("hint", None, 4)]

    (fault,) = check_lines_named("hint", text, 4)
    assert (fault.is_must, fault.wrong) == (True, "names a line that does not exist; the code has 4")


NAMES = (
    "a hash map",
    "a hash  map",
    "a hash_map",
    "a hash\u00ad map",
    "a h\u0430sh map",
    "a \uff48\uff41\uff53\uff48 \uff4d\uff41\uff50",
    "dictionaries",
    "two pointers",
    "Binary search",
    "recursion",
    "sort it",
    "a map from value to place",
    "un diccionario",
    "eine Hashtabelle",
    "DFS or BFS",
    "哈希表",
)


def technique(text: str, known: Known) -> list[Fault]:
    return [*check_technique("gentle hint", {"hint": None, "question": text}, known)]


@pytest.mark.parametrize("name", NAMES)
def test_a_gentle_hint_names_no_technique_that_the_candidate_has_not(name: str) -> None:
    assert not technique(f"Think of {name}.", Known("", f"Solve it with {name}."))
    assert not technique(f"Think of {name}.", Known("", "Add.", [f"Could I take {name}?"]))

    (fault,) = technique(f"Think of {name}.", Known("x = 1", "Add."))
    assert fault.is_must
    assert name not in fault.wrong
    assert technique(f"THINK OF {name.upper()}.", Known("", ""))


@pytest.mark.parametrize(
    "code", ["stack = []", "int[] dp = new int[3];", "myStack.push(1)", "sort_by_dp(stack)"]
)
def test_names_of_the_candidate_s_own_code_are_no_techniques(code: str) -> None:
    assert not technique("What does `stack` hold?" if "tack" in code else "Fill in `dp`.", Known(code, ""))


@pytest.mark.parametrize(
    "text",
    ["What sort of input?", "He tries again.", "In which order?", "A pile of numbers", "a set of rules"],
)
def test_common_words_are_no_techniques(text: str) -> None:
    assert not technique(text, Known("", ""))
