"""What kind of help the facts call for."""

from __future__ import annotations

from typing import Any

import pytest

from aiplane.code_metrics import measure
from aiplane.contracts import HintPayload
from aiplane.llm.cases import Need
from aiplane.syntax import syntax_errors
from tasks.hint import write_hint
from tasks.needs import ORDERS, find_need
from tests.unit.scripted import GOOD_HINT, ScriptedLLM

PLAIN = "def f(a):\n    total = 0\n    for x in a:\n        total += x\n    return total\n"
NESTED = "def f(a):\n    for x in a:\n        for y in a:\n            if x == y:\n                return x\n"
PASSED = {"passedTestCases": 4, "totalTestCases": 4}
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
        ("def f(a):\n    pass\n", FAILED, "start"),
        ("def f(a:\n    total = 1\n", None, "syntax"),
        ("def f(a:\n    total = 1\n", PASSED, "syntax"),
        (NESTED, PASSED, "cost"),
        (PLAIN, PASSED, "done"),
        (PLAIN, FAILED, "failing"),
        (PLAIN, {"passedTestCases": 0, "totalTestCases": 4}, "failing"),
        (PLAIN, {"allTestsPassed": False}, "failing"),
        (PLAIN, {"failedTestCases": 2}, "failing"),
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


def test_the_model_is_told_where_the_code_does_not_parse() -> None:
    assert "A parser stumbles at: line 1." in asked(currentCode="def f(:\n    return 1\n")


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        ({}, "The tests have not been run."),
        (
            {"executionResult": {"status": "failed"}},
            "The test run is failed; how many tests pass is not known.",
        ),
        ({"executionResult": {"allTestsPassed": False}}, "Some tests fail; how many pass is not known."),
        ({"executionResult": {"allTestsPassed": True}}, "All tests pass."),
        (
            {"executionResult": {"failedTestCases": 2, "totalTestCases": 5}},
            "Tests that pass: 3, a share of 60%.",
        ),
        (
            {"executionResult": {"passedTestCases": 999, "totalTestCases": 1000}},
            "Tests that pass: 999, a share of 99%.",
        ),
        ({}, "This is hint number 1 for this problem."),
        ({"previousHints": ["a", "b"]}, "This is hint number 3 for this problem."),
        ({"hintIteration": 5}, "This is hint number 5 for this problem."),
        ({"previousHint": "a"}, "repeat none of them"),
        ({"reflectionResponse": "A loop?"}, "take that answer up in your first sentence"),
    ],
)
def test_the_model_is_told_what_came_before(fields: dict[str, Any], fact: str) -> None:
    assert fact in asked(**fields)
