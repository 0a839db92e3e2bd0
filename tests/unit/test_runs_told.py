"""Runs that a text claims, held against those that were."""

from __future__ import annotations

import pytest

from aiplane.contracts import ExecutionSummary
from tasks.runs_told import check_runs

SOME = ExecutionSummary.model_validate({"status": "completed", "passedTestCases": 9, "totalTestCases": 12})


def faults(text: str, run: ExecutionSummary | None = None) -> str:
    return " ".join(fault.wrong for fault in check_runs({"summary": text}, run) if fault.is_must)


@pytest.mark.parametrize(
    "text",
    [
        "7 of 12 tests pass.",
        "Your code passes 7 out of 12 tests.",
        "Test 3 failed with a wrong result.",
        "The tests with an empty list failed.",
        "Several tests timed out.",
        "In the test run the second input gave 4.",
        "7 von 12 Tests bestehen.",
    ],
)
def test_results_of_tests_that_were_not_run_are_found(text: str) -> None:
    assert faults(text) == "tells results of tests, and none were run"


@pytest.mark.parametrize(
    "text",
    [
        "In our benchmark this took 90 ms.",
        "When we ran it, the list was empty.",
        "This is faster than 70% of all submissions.",
        "I ran your code with ten thousand numbers.",
        "In unserem Testlauf dauerte das zu lange.",
    ],
)
def test_measurements_that_nobody_made_are_found(text: str) -> None:
    assert faults(text, SOME) == "tells of a run or a measurement that nobody made"
    assert faults(text) == "tells of a run or a measurement that nobody made"


def test_another_count_than_is_known_is_found() -> None:
    assert faults("Your code passes 11 of 12 tests.", SOME) == "counts other tests as passed than did"
    assert faults("11 of 12 tests pass.", SOME) == "counts other tests as passed than did"


@pytest.mark.parametrize(
    "text",
    [
        "9 of 12 tests pass.",
        "Three of the 12 tests fail.",
        "3 of 12 tests fail.",
        "2 of the 3 failing tests end in an error.",
        "It takes 9 of 12 steps.",
    ],
)
def test_what_is_known_may_be_told(text: str) -> None:
    assert faults(text, SOME) == ""


@pytest.mark.parametrize(
    "text",
    [
        "No tests were run, so I go by reading alone.",
        "A test with an empty list would fail.",
        "Have the tests passed?",
        "If test 3 failed, look at line 2.",
        "Run it with a circle of three courses to see.",
        "The loop reads 9 of 12 entries.",
        "It passes 2 of 4 arguments on.",
        "I ran your code by hand on the example.",
        "When I ran it in my mind, line 3 came twice.",
        "Write a test for the empty list.",
    ],
)
def test_tests_may_be_spoken_of_where_none_were_run(text: str) -> None:
    assert faults(text) == ""


def test_what_a_candidate_told_of_tests_may_be_told_back() -> None:
    texts = {"message": "So 7 of 12 tests pass."}

    assert [*check_runs(texts, None, ["My tests: 7 of 12."])] == []
    assert [*check_runs(texts, SOME, ["It was 7 before."])] == []
    assert [*check_runs(texts, SOME)] != []
