"""What is measured of a text."""

from __future__ import annotations

import time

import pytest

from aiplane.text.measures import count_words, percent, questions, reading_grade, repeated_share


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Look at it.", 3),
        ("Don't stop the well-known loop.", 5),
        ("Look at `nums[i] + 1` now", 4),
        ("Look:\n```\nx = 1\ny = 2\n```\nand go", 3),
        ("先看看这个", 3),
        ("Use 先看 now", 3),
        ("-- ... !", 0),
    ],
)
def test_words_are_counted_without_code(text: str, words: int) -> None:
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("text", "lowest", "highest"),
    [
        ("The cat sat on the mat. It was a big cat.", -2, 2),
        ("Look at the first line of your loop and say what it does to the total in each round.", 4, 9),
        ("Asymptotic considerations necessitate comprehensive algorithmic reorganisation.", 20, 50),
        ("", 0, 0),
    ],
)
def test_the_grade_is_that_of_flesch_and_kincaid(text: str, lowest: float, highest: float) -> None:
    assert lowest <= reading_grade(text) <= highest


def test_the_grade_follows_the_formula() -> None:
    # 9 words, 1 sentence, 10 syllables: only `happy` has two.
    assert reading_grade("The happy dog ran to the old red barn.") == pytest.approx(
        0.39 * 9 + 11.8 * 10 / 9 - 15.59
    )


@pytest.mark.parametrize(
    ("text", "earlier", "share"),
    [
        ("one two three four five", "one two three four five", 1),
        ("One, two; three: FOUR five", "zero one two three four five", 1),
        ("one two three four five", "five four three two one", 0),
        ("one two three four five", "one two three four six", 0.5),
        ("先看看这个例子", "先看看这个例子吧", 1),
        ("", "one", 0),
    ],
)
def test_what_is_repeated_is_told_by_runs_of_words(text: str, earlier: str, share: float) -> None:
    assert repeated_share(text, earlier) == share


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("Good. What is next? Go on.", ["What is next?"]),
        ("Why? And how?", ["Why?", "And how?"]),
        ("`a ? b : c` is fine.", []),
        ("接下来呢\uff1f", ["接下来呢\uff1f"]),
        ("???", []),
        ("No question here", []),
    ],
)
def test_questions_are_found(text: str, asked: list[str]) -> None:
    assert questions(text) == asked


@pytest.mark.parametrize(
    "text", ["a?" * 10_000, "`" * 20_000, "a" * 20_000, "-" * 20_000, "a." * 10_000, "a-" * 10_000]
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    count_words(text), reading_grade(text), questions(text), repeated_share(text, text)

    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("share", "written"), [(0, "0%"), (0.29, "29%"), (2 / 3, "66%"), (0.9999, "99%"), (1.0, "100%")]
)
def test_only_what_is_whole_is_a_hundred_per_cent(share: float, written: str) -> None:
    assert percent(share) == written
