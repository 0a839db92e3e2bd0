"""The published rule of the overall score."""

from __future__ import annotations

import pytest

from aiplane.contracts import Category, ExecutionSummary
from tasks.scoring import (
    CATEGORIES,
    WEIGHTS,
    capped,
    contradicts_the_tests,
    overall_score,
    speaks_for_itself,
)


def scored(*scores: int, names: tuple[str, ...] = CATEGORIES) -> list[Category]:
    return [Category(name=name, score=score, feedback=".") for name, score in zip(names, scores, strict=True)]


def test_the_weights_make_a_whole() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("scores", "overall"),
    [
        ((10, 10, 10, 10), 10),
        ((0, 0, 0, 0), 0),
        ((10, 0, 0, 0), 4),
        ((0, 10, 10, 10), 6),
        ((5, 5, 5, 5), 5),
        ((3, 7, 10, 8), 6),
        ((0, 1, 0, 1), 0),
        ((1, 1, 1, 0), 1),
    ],
)
def test_correctness_weighs_twice_what_the_others_do(scores: tuple[int, ...], overall: int) -> None:
    assert overall_score(scored(*scores), rubric=False) == overall


@pytest.mark.parametrize(("scores", "overall"), [((7, 8), 8), ((0, 1), 1), ((1, 1), 1), ((0, 0), 0)])
def test_the_lines_of_a_rubric_weigh_the_same_and_halves_go_up(scores: tuple[int, ...], overall: int) -> None:
    for names in (("Naming", "Tests"), ("correctness", "efficiency")):
        assert overall_score(scored(*scores, names=names), rubric=True) == overall


@pytest.mark.parametrize(
    ("name", "share", "expected"),
    [
        ("correctness", None, 9),
        ("correctness", 1.0, 9),
        ("correctness", 0.75, 7),
        ("correctness", 0.7, 7),
        ("Correctness", 0.0, 0),
        ("1. Correctness (40%): all inputs.", 0.29, 2),
        ("Korrektheit", 0.5, 5),
        ("edge_cases", 0.5, 5),
        ("Edge cases: empty input", 0.5, 5),
        ("efficiency", 0.0, 9),
    ],
)
def test_correctness_is_capped_by_the_tests(name: str, share: float | None, expected: int) -> None:
    assert capped(name, 9, share) == expected


@pytest.mark.parametrize(
    ("name", "score", "passed", "expected"),
    [
        ("correctness", 2, 5, True),
        ("edge_cases", 10, 5, True),
        ("Naming conventions", 2, 5, True),
        ("efficiency", 2, 5, False),
        ("Readability (20%)", 2, 5, False),
        ("correctness", 8, 10, False),
        ("correctness", 9, 10, True),
        ("readability", 10, 10, True),
    ],
)
def test_tests_are_evidence_for_what_they_test(name: str, score: int, passed: int, expected: bool) -> None:
    assert speaks_for_itself(name, score, run(passed)) is expected
    assert speaks_for_itself(name, score, None) is False


@pytest.mark.parametrize(
    ("name", "score", "passed", "total", "expected"),
    [
        ("correctness", 6, 10, 10, True),
        ("Correctness (40%)", 0, 63, 63, True),
        ("correctness", 7, 10, 10, False),
        ("correctness", 6, 9, 10, False),
        ("correctness", 6, 9, 9, False),
        ("readability", 6, 10, 10, False),
    ],
)
def test_a_score_can_contradict_the_tests(
    name: str, score: int, passed: int, total: int, expected: bool
) -> None:
    assert contradicts_the_tests(name, score, run(passed, total)) is expected


def test_what_was_not_judged_counts_for_nothing() -> None:
    categories = scored(10, 2, names=("a", "b"))
    unjudged = [categories[0], categories[1].model_copy(update={"judged": False})]

    assert overall_score(unjudged, rubric=True) == 10
    assert overall_score([unjudged[1]], rubric=True) == 5


def test_where_nothing_passes_three_is_the_most() -> None:
    assert overall_score(scored(0, 10, 10, 10), rubric=False, pass_share=0.0) == 3
    assert overall_score(scored(0, 10, 10, 10), rubric=False, pass_share=0.01) == 6


def run(passed: int, total: int = 10) -> ExecutionSummary:
    return ExecutionSummary.model_validate({"passedTestCases": passed, "totalTestCases": total})
