"""The published rule of the overall score."""

from __future__ import annotations

import pytest

from aiplane.contracts import Category
from tasks.scoring import CATEGORIES, WEIGHTS, capped, overall_score, speaks_for_itself


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
        ("efficiency", 0.0, 9),
    ],
)
def test_correctness_is_capped_by_the_tests(name: str, share: float | None, expected: int) -> None:
    assert capped(name, 9, share) == expected


@pytest.mark.parametrize(
    ("name", "tests_fail", "expected"),
    [
        ("correctness", True, True),
        ("edge_cases", True, True),
        ("Naming conventions", True, True),
        ("efficiency", True, False),
        ("readability", True, False),
        ("correctness", False, False),
    ],
)
def test_failed_tests_are_evidence_for_what_they_test(name: str, tests_fail: bool, expected: bool) -> None:
    assert speaks_for_itself(name, tests_fail=tests_fail) is expected
