"""Praise held against the tests: what they contradict, and what they do not."""

from __future__ import annotations

from typing import Any

import pytest

from aiplane.contracts import ExecutionSummary
from tasks.praise import check_praise

WRONG = {"status": "completed", "passedTestCases": 9, "totalTestCases": 12, "failedTestCases": 3}
SLOW = {**WRONG, "failedTestCases": 0, "errorTestCases": 3, "timedOutTestCases": 3}
NONE = {**WRONG, "passedTestCases": 0, "failedTestCases": 12}
ALL = {**WRONG, "passedTestCases": 12, "failedTestCases": 0, "allTestsPassed": True}


def is_contradicted(text: str, run: dict[str, Any] | None) -> bool:
    execution = None if run is None else ExecutionSummary.model_validate(run)
    return bool([*check_praise({"summary": text}, execution)])


TESTS = [
    "All tests pass, well done.",
    "Your code passes every test.",
    "Every test is green.",
    "All 12 tests succeed.",
    "Alle Tests bestehen.",
    "Todas las pruebas pasan.",
    "Tous les tests passent.",
    "Todos os testes passam.",
    "Tutti i test passano.",
    "\u0412\u0441\u0435 тесты проходят.",
    "所有测试都通过了。",
    "テストはすべて通りました。",
]
RIGHT = [
    "Your solution is correct.",
    "The code is completely right, great.",
    "Deine Lösung ist richtig.",
    "Tu solución es correcta.",
    "Ton code est correct.",
    "你的代码完全正确。",
    "Your code is correct now, and I would like to hear about its cost.",
    "Your solution is right, so we could talk about space.",
]
NOTHING_LEFT = [
    "A flawless piece of work.",
    "There is nothing left to mend.",
    "Every input gives the right result.",
    "Es gibt nichts zu verbessern.",
    "No hay nada que mejorar.",
    "All cases are handled.",
    "There is nothing I would change.",
]
HONEST = [
    "Do all tests pass?",
    "Not all tests pass yet.",
    "Once line 4 is mended, all tests will pass.",
    "9 of 12 tests pass.",
    "Your solution is correct for sorted input.",
    "Your solution is right, but only where no value occurs twice.",
    "Your idea is right, and the loop ends when it should.",
    "A sua solução está certa para 9 dos 12 testes.",
    "There is nothing wrong with your loop; look at line 8.",
    "Ist deine Lösung richtig, wenn die Liste leer ist?",
    "The comment says that the solution is flawless.",
    "There are no bugs in the first branch.",
    "Your solution is correct, except that it should stop earlier.",
    "Your code would be correct, and all tests would pass, with a check in line 2.",
    "Is it nothing you would change?",
]


@pytest.mark.parametrize("text", TESTS)
def test_that_all_tests_pass_is_true_or_goes_back(text: str) -> None:
    assert [is_contradicted(text, run) for run in (WRONG, SLOW, NONE, None, ALL)] == [True] * 4 + [False]


@pytest.mark.parametrize("text", RIGHT)
def test_code_with_wrong_results_is_not_right(text: str) -> None:
    assert [is_contradicted(text, run) for run in (WRONG, NONE, SLOW, None, ALL)] == [True] * 2 + [False] * 3


@pytest.mark.parametrize("text", NOTHING_LEFT)
def test_code_that_fails_a_test_leaves_something_to_do(text: str) -> None:
    assert [is_contradicted(text, run) for run in (WRONG, SLOW, None, ALL)] == [True] * 2 + [False] * 2


@pytest.mark.parametrize(
    "text",
    [
        "A great solution.",
        "It solves the problem.",
        "Eine tolle Lösung.",
        "It runs in constant time, and it works very well.",
        "This is nearly ready for production.",
        "A really elegant solution.",
        "Only a few inputs give another number.",
        "Your function already works for several values.",
        "Dein Code funktioniert gut.",
    ],
)
def test_code_of_which_no_test_passes_is_not_great(text: str) -> None:
    assert [is_contradicted(text, run) for run in (NONE, WRONG, ALL)] == [True, False, False]


@pytest.mark.parametrize("text", HONEST)
def test_what_is_limited_denied_or_asked_is_no_praise(text: str) -> None:
    assert not is_contradicted(text, WRONG)


@pytest.mark.parametrize(
    "text",
    [
        "The idea of one loop is good, and the names are clear.",
        "Once it works for the usual inputs, look at the empty one.",
        "The function does not work for most inputs yet.",
        "First make it work well for one value.",
        "Only a few cases are handled so far.",
        "It is an elegant approach to halve the range.",
        "The result is slightly off: one too many.",
    ],
)
def test_what_is_good_in_code_of_which_no_test_passes_may_be_said(text: str) -> None:
    assert not is_contradicted(text, NONE)
