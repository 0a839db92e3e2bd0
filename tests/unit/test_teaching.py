"""What makes a hint one that teaches: each rule, and what it lets through."""

from __future__ import annotations

import pytest

from aiplane.contracts import HintLevel, PreviousHint
from aiplane.errors import LLMInvalidResponseError
from tasks.spoilers import check_technique
from tasks.teaching import check_concepts, check_form, check_lines_named, check_new
from tests.unit.scripted import GOOD_HINT

HARD = "Consideration of asymptotic characteristics necessitates comprehensive reorganisation. " * 12
OTHER = " ".join(f"Word{number} stands here for a thing that nobody has said so far." for number in range(9))


def form(hint: str, level: HintLevel = "gentle", *, is_english: bool = True) -> None:
    check_form(level, hint, is_english=is_english)


def test_a_good_hint_passes() -> None:
    for level in ("gentle", "moderate", "direct"):
        form(GOOD_HINT, level)


@pytest.mark.parametrize("words", [79, 161])
def test_a_hint_has_80_to_160_words(words: int) -> None:
    with pytest.raises(LLMInvalidResponseError, match=f"has {words} words, and it must have 80 to 160"):
        form("Go on. " * (words // 2) + "Now " * (words % 2))


@pytest.mark.parametrize("words", [80, 160])
def test_the_bounds_of_the_length_are_allowed(words: int) -> None:
    form("Go on. " * (words // 2))


def test_a_hint_in_chinese_is_measured_in_characters() -> None:
    form("先看看这个例子里的每一步。" * 15, is_english=False)

    with pytest.raises(LLMInvalidResponseError, match="words"):
        form("先看看这个例子里的每一步。" * 5, is_english=False)


def test_a_hint_reads_at_grade_nine_or_below() -> None:
    with pytest.raises(LLMInvalidResponseError, match=r"grade \d\d\.\d, and 9 is the highest"):
        form(HARD + "Go on. " * 5)


def test_the_grade_of_another_language_is_not_known() -> None:
    form(HARD + "Go on. " * 5, is_english=False)


@pytest.mark.parametrize(
    "words",
    [
        "Alternatively, begin at the end.",
        "Or you could begin at the end.",
        "Another way is to begin at the end.",
        "There are two ways to go on.",
        "Option 2: begin at the end.",
    ],
)
def test_there_is_one_way_forward(words: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match="more than one way"):
        form(f"{GOOD_HINT} {words}")


def steps(count: int) -> str:
    return GOOD_HINT + "".join(f"\n{number}. Look there." for number in range(1, count + 1))


@pytest.mark.parametrize(("level", "most"), [("gentle", 0), ("moderate", 0), ("direct", 4)])
def test_there_is_one_step_and_a_direct_hint_may_cut_it_into_four(level: HintLevel, most: int) -> None:
    form(steps(most), level)

    with pytest.raises(LLMInvalidResponseError, match="list of steps"):
        form(steps(most + 1), level)


@pytest.mark.parametrize("given", [GOOD_HINT, GOOD_HINT.upper(), GOOD_HINT[:380], f"Well. {GOOD_HINT} So."])
def test_a_hint_does_not_repeat_an_earlier_one(given: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match="repeats"):
        check_new(GOOD_HINT, [PreviousHint(hint=given), PreviousHint(hint="Something else.")])


def test_what_was_said_eight_hints_ago_may_be_said_again() -> None:
    later = [PreviousHint(hint=f"{OTHER} {number}") for number in range(8)]

    check_new(GOOD_HINT, [PreviousHint(hint=GOOD_HINT), *later])

    with pytest.raises(LLMInvalidResponseError):
        check_new(GOOD_HINT, [PreviousHint(hint=GOOD_HINT), *later[1:]])


def test_concepts_are_terms() -> None:
    check_concepts(["time complexity", "the cost of a library call"])

    with pytest.raises(LLMInvalidResponseError, match="terms"):
        check_concepts(["use the first loop to fill it and then go back"])


@pytest.mark.parametrize("text", ["Look at line 5.", "See lines 2 to 5.", "Line 0 is odd.", "lines 4-9"])
def test_lines_that_are_named_exist(text: str) -> None:
    check_lines_named(["Line 1, lines 2 to 4 and line 4.", None], 4)

    with pytest.raises(LLMInvalidResponseError, match="line that does not exist"):
        check_lines_named([text], 4)


NAMES = (
    "a hash map",
    "dictionaries",
    "two pointers",
    "Binary search",
    "recursion",
    "sort it",
    "un diccionario",
    "DFS or BFS",
    "哈希表",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_gentle_hint_names_no_technique_that_the_problem_does_not_name(name: str) -> None:
    check_technique("moderate", [f"Think of {name}."], "Add.")
    check_technique("gentle", [f"Think of {name}."], f"Solve it with {name}.")

    with pytest.raises(LLMInvalidResponseError, match="names none") as caught:
        check_technique("gentle", [None, f"Think of {name}."], "Add.")
    with pytest.raises(LLMInvalidResponseError, match="names none"):
        check_technique("gentle", [f"THINK OF {name.upper()}."], "Add.")

    assert name not in caught.value.failed_reason


@pytest.mark.parametrize(
    "text", ["What sort of input?", "He tries again.", "In which order?", "A pile of numbers"]
)
def test_common_words_are_no_techniques(text: str) -> None:
    check_technique("gentle", [text], "Add.")
