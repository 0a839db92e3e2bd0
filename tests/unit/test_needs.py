"""What kind of help the facts call for."""

from __future__ import annotations

from typing import Any

import pytest

from aiplane.coaching.cases import Need
from aiplane.code.metrics import measure
from aiplane.code.syntax import syntax_errors
from aiplane.contracts import HintPayload
from tasks.hint import write_hint
from tasks.needs import ORDERS, find_need
from tests.unit.scripted import GOOD_HINT, ScriptedLLM

PLAIN = "def f(a):\n    total = 0\n    for x in a:\n        total += x\n    return total\n"
NESTED = "def f(a):\n    for x in a:\n        for y in a:\n            if x == y:\n                return x\n"
PASSED = {"passedTestCases": 4, "totalTestCases": 4}
BROKEN = "def f(a:\n    total = 1\n"
NOTHING_PASSES = {"passedTestCases": 0, "totalTestCases": 4}
FAILED = {"passedTestCases": 3, "totalTestCases": 4}


def need(code: str, run: dict[str, Any] | None = None) -> Need:
    payload = HintPayload.parse(
        {
            "problemDescription": "Add.",
            "currentCode": code,
            "language": "python",
            "hintLevel": "gentle",
            "executionResult": run,
        }
    )
    return find_need(payload, measure(code, "python"), syntax_errors(code, "python") or ())


@pytest.mark.parametrize(
    ("code", "run", "expected"),
    [
        ("", None, "start"),
        ("def f(a):\n    pass\n", NOTHING_PASSES, "start"),
        ("def f(a):\n    pass\n", FAILED, "failing"),
        ("def f(a):\n    pass\n", PASSED, "done"),
        ("# nothing yet\n", FAILED, "start"),
        ("def f(a): return next(x for x in a)", FAILED, "failing"),
        (BROKEN, None, "syntax"),
        (BROKEN, PASSED, "done"),
        (BROKEN, FAILED, "failing"),
        (BROKEN, NOTHING_PASSES, "failing"),
        (BROKEN, {"failedTestCases": 4}, "failing"),
        (BROKEN, {"status": "running"}, "syntax"),
        (BROKEN, {"status": "failed"}, "syntax"),
        (BROKEN, {"passedTestCases": 0, "errorTestCases": 4, "totalTestCases": 4}, "syntax"),
        (BROKEN, {"failedTestCases": 4, "errorTestCases": 4, "totalTestCases": 4}, "syntax"),
        (BROKEN, {"passedTestCases": 0, "timedOutTestCases": 4, "totalTestCases": 4}, "breaking"),
        (NESTED, PASSED, "cost"),
        (PLAIN, PASSED, "done"),
        (PLAIN, FAILED, "failing"),
        (PLAIN, {"passedTestCases": 0, "totalTestCases": 4}, "failing"),
        (PLAIN, {"allTestsPassed": False}, "failing"),
        (PLAIN, {"failedTestCases": 2}, "failing"),
        (PLAIN, {"passedTestCases": 41, "totalTestCases": 189, "errorTestCases": 148}, "breaking"),
        (PLAIN, {"passedTestCases": 1, "failedTestCases": 2, "errorTestCases": 3}, "breaking"),
        (PLAIN, {"passedTestCases": 1, "failedTestCases": 3, "errorTestCases": 2}, "failing"),
        (
            PLAIN,
            {"passedTestCases": 0, "failedTestCases": 4, "errorTestCases": 4, "totalTestCases": 4},
            "breaking",
        ),
        (PLAIN, {"passedTestCases": 1, "totalTestCases": 4, "timedOutTestCases": 3}, "breaking"),
        (NESTED, {"errorTestCases": 1}, "breaking"),
        (PLAIN, None, "next_step"),
        (NESTED, {"status": "running"}, "next_step"),
    ],
)
def test_each_row_of_the_table(code: str, run: dict[str, Any] | None, expected: Need) -> None:
    assert need(code, run) == expected


def asked(**fields: Any) -> str:
    llm = ScriptedLLM({"hint": GOOD_HINT, "relatedConcepts": ["loops"]})
    payload = {
        "problemDescription": "Add.",
        "currentCode": PLAIN,
        "language": "python",
        "hintLevel": "gentle",
    }
    write_hint(HintPayload.parse({**payload, **fields}), llm)
    return llm.user


def test_the_model_is_told_the_need() -> None:
    assert f"- The need: {ORDERS['failing']}" in asked(executionResult=FAILED)


def test_the_model_is_told_where_a_parser_is_unsure_and_that_it_is_no_more() -> None:
    told = asked(currentCode=BROKEN)

    assert "A parser is unsure at line 1, or just before. It does not know every macro" in told
    assert "does not parse" not in told


@pytest.mark.parametrize("run", [PASSED, FAILED, NOTHING_PASSES, {"failedTestCases": 1, "errorTestCases": 3}])
def test_a_parser_is_not_heard_where_a_run_has_read_the_code(run: dict[str, Any]) -> None:
    assert "unsure" not in asked(currentCode=BROKEN, executionResult=run)


@pytest.mark.parametrize("run", [{"status": "failed"}, {"errorTestCases": 4, "totalTestCases": 4}])
def test_a_run_without_any_result_says_what_the_parser_says(run: dict[str, Any]) -> None:
    assert "the run gave no test a result: the code may not be readable" in asked(
        currentCode=BROKEN, executionResult=run
    )


def test_the_run_of_this_very_job_counts_more_than_an_older_submission() -> None:
    told = asked(currentCode=BROKEN, executionResult={"status": "failed"}, latestSubmissionSummary=PASSED)

    assert "the run gave no test a result" in told


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        ({}, "The tests have not been run."),
        (
            {"executionResult": {"status": "failed"}},
            "The test run is failed; how many tests pass is not known.",
        ),
        (
            {"executionResult": {"allTestsPassed": False}},
            "Some tests do not pass; how many pass is not known.",
        ),
        ({"executionResult": {"allTestsPassed": True}}, "All tests pass."),
        (
            {"executionResult": {"failedTestCases": 2, "totalTestCases": 5}},
            "Of 5 tests 3 pass (60%); 2 give a wrong result.",
        ),
        (
            {"executionResult": {"passedTestCases": 999, "totalTestCases": 1000}},
            "Of 1000 tests 999 pass (99%).",
        ),
        (
            {"executionResult": {"passedTestCases": 2, "failedTestCases": 1, "errorTestCases": 4}},
            "Of 7 tests 2 pass (28%); 1 give a wrong result, 4 break off with an error or a time-out.",
        ),
        (
            {
                "executionResult": {
                    "passedTestCases": 2,
                    "totalTestCases": 9,
                    "errorTestCases": 4,
                    "timedOutTestCases": 3,
                }
            },
            "Of 9 tests 2 pass (22%); 4 break off with an error, 3 run out of time.",
        ),
        (
            {"executionResult": {"errorTestCases": 3, "timedOutTestCases": "many"}},
            "Some tests do not pass; 3 break off with an error or a time-out; how many pass is not known.",
        ),
        ({"executionResult": {"passedTestCases": 6, "totalTestCases": 6}}, "All tests pass: 6."),
        ({}, "This is hint number 1 for this problem."),
        ({"previousHints": ["a", "b"]}, "This is hint number 3 for this problem."),
        ({"hintIteration": 5}, "This is hint number 5 for this problem."),
        ({"previousHint": "a"}, "Go on from the latest hint, and repeat none of them."),
        ({"reflectionResponse": "A loop?"}, "take that answer up in your first sentence"),
    ],
)
def test_the_model_is_told_what_came_before(fields: dict[str, Any], fact: str) -> None:
    assert fact in asked(**fields)


def test_a_hint_that_is_none_is_not_built_upon() -> None:
    assert "latest hint" not in asked(hintIteration=5).partition("Facts and orders")[2]


SCRIPT = "def f(a):\n    return a\n\nif f(1):\n    print(f(2))\n"


@pytest.mark.parametrize("code", [SCRIPT, SCRIPT.rstrip(), SCRIPT + "\n\n", SCRIPT.replace("\n", "\r\n")])
def test_facts_name_lines_that_exist(code: str) -> None:
    user = asked(currentCode=code)

    assert "- The function in lines 1 to 2: complexity 1, nesting 0." in user
    assert "- Outside functions: complexity 2, nesting 1." in user
    assert "lines 1 to 6" not in user


def test_nothing_is_measured_of_nothing() -> None:
    facts = asked(currentCode="  \n").partition("Facts and orders")[2]

    assert "complexity" not in facts
    assert "lines" not in facts
