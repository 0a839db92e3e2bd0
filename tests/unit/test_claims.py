"""Claims of wrong results, held against the tests and the problem."""

from __future__ import annotations

import pytest

from aiplane.contracts import ExecutionSummary
from tasks.claims import check_claims

PROBLEM = "Return the median.\nExample: [3, 1, 2] -> 2"
CODE = "def median(a):\n    return sorted(a)[len(a) // 2]\n"
GUARDED = CODE.replace("    return", "    if not a:\n        return None\n    return")
ALL = {"passedTestCases": 12, "totalTestCases": 12}
SLOW = {"passedTestCases": 9, "totalTestCases": 12, "errorTestCases": 3, "timedOutTestCases": 3}
WRONG = {"passedTestCases": 9, "totalTestCases": 12, "failedTestCases": 3}
FEW = {"passedTestCases": 4, "totalTestCases": 4}


def claimed(text: str, run: dict[str, int] | None, code: str = CODE, problem: str = PROBLEM) -> list[bool]:
    """Return of each fault whether it must be mended."""
    ran = ExecutionSummary.model_validate({"status": "completed", **run}) if run else None
    return [fault.is_must for fault in check_claims({"feedback": text}, problem, code, ran)]


@pytest.mark.parametrize("run", [ALL, SLOW])
@pytest.mark.parametrize(
    "text",
    [
        "For [3, 1, 2] it gives 3 and not 2.",
        "It returns 3 for [3, 1, 2].",
        "With [3,1,2] the result is wrong.",
        "Für [3, 1, 2] kommt das Falsche heraus: falsch ist die Mitte bei [3, 1, 2].",
        "对于 [3, 1, 2] 结果错误。",
        "Para [3, 1, 2] devuelve 7.",
    ],
)
def test_the_example_is_not_wrong_where_no_test_gives_a_wrong_result(text: str, run: dict[str, int]) -> None:
    assert claimed(text, run) == [True]


@pytest.mark.parametrize("run", [None, WRONG, FEW])
def test_nothing_is_known_where_tests_give_wrong_results_or_are_few(run: dict[str, int] | None) -> None:
    assert claimed("For [3, 1, 2] it gives 3 and not 2. It fails for [4, 5].", run) == []


def test_an_ordinary_input_does_not_fail_where_many_tests_pass() -> None:
    assert claimed("For [4, 9] it returns 9 instead of 6.5.", ALL) == [False]
    assert claimed("For [4, 9] it returns 9 instead of 6.5.", SLOW) == []
    assert claimed("For [] it returns an error.", ALL) == []


LARGE = f"{PROBLEM}\n1 <= n <= 10^4"


@pytest.mark.parametrize(
    "text",
    ["No, the cost is exponential in n.", "It takes exponential time.", "Die Laufzeit ist exponentiell."],
)
def test_code_that_passes_many_tests_on_large_inputs_is_not_exponential(text: str) -> None:
    assert claimed(text, ALL, problem=LARGE) == [False]
    assert [claimed(text, run, problem=LARGE) for run in (None, SLOW, FEW)] == [[]] * 3
    assert claimed(text, ALL) == []


@pytest.mark.parametrize(
    "text",
    [
        "The cost is exponential in the worst case only.",
        "The cost would be exponential without the array.",
        "Is the cost exponential?",
        "The number of subsets is exponential, and you count them in a loop.",
    ],
)
def test_an_exponential_cost_may_be_spoken_of(text: str) -> None:
    assert claimed(text, ALL, problem=LARGE) == []


def test_the_empty_input_is_known_where_the_problem_names_it_or_the_code_looks_for_it() -> None:
    text = "An empty list crashes with an index error."
    assert claimed(text, ALL) == []
    assert claimed(text, ALL, GUARDED) == [False]
    assert claimed(text, ALL, problem="The list may be empty.") == [False]
    assert claimed(text, SLOW, GUARDED) == []


@pytest.mark.parametrize(
    "text",
    [
        "For [3, 1, 2] it gives 2, as it should.",
        "Without line 2, [3, 1, 2] would give 3 instead of 2.",
        "Does it fail for [3, 1, 2]?",
        "It does not fail for [3, 1, 2].",
        "An empty list never crashes here.",
        "For 10^5 numbers the sort takes too long.",
        "For [3, 1, 2] the call of sorted returns [1, 2, 3].",
        "An empty list gives None instead of an error.",
        "The result of [3, 1, 2] is 2, as it should be.",
    ],
)
def test_what_is_right_denied_or_asked_is_no_claim(text: str) -> None:
    assert claimed(text, ALL, GUARDED) == []
