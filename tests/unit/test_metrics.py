"""Complexity, nesting and size in eight languages, and code that is made to hang whoever reads it."""

from __future__ import annotations

import time

import pytest

from aiplane.code import metrics as code_metrics
from aiplane.code.languages import EXTENSIONS
from aiplane.code.metrics import CodeMetrics, measure
from aiplane.context.deadline import within

BODY = """
    for (int i = 0; i < n; i++) {
        if (a[i] > 0) {
            while (n > 1 && a[i] > 1) { n--; }
        } else if (a[i] == 0) {
            n = 3;
        }
    }
    return n;
}
"""
PROGRAMS = {
    "python": """def f(a, n):
    for x in a:
        if x > 0:
            while n > 1 and x > 1:
                n -= 1
        elif x == 0:
            n = 3
    return n
""",
    "javascript": "function f(a, n) {" + BODY.replace("int ", "let "),
    "typescript": "function f(a: number[], n: number): number {" + BODY.replace("int ", "let "),
    "java": "class A { static int f(int[] a, int n) {" + BODY + "}",
    "cpp": "int f(std::vector<int>& a, int n) {" + BODY,
    "c": "int f(int *a, int n) {" + BODY,
    "go": """package main
func f(a []int, n int) int {
    for _, x := range a {
        if x > 0 {
            for n > 1 && x > 1 { n-- }
        } else if x == 0 {
            n = 3
        }
    }
    return n
}
""",
    "rust": """fn f(a: &[i32], mut n: i32) -> i32 {
    for x in a {
        if *x > 0 {
            while n > 1 && *x > 1 { n -= 1; }
        } else if *x == 0 {
            n = 3;
        }
    }
    n
}
""",
}


def measured(code: str, language: str = "python") -> CodeMetrics:
    metrics = measure(code, language)
    assert metrics is not None
    return metrics


@pytest.mark.parametrize("language", EXTENSIONS)
def test_one_function_is_measured_alike_in_every_language(language: str) -> None:
    (function,) = measured(PROGRAMS[language], language).functions

    assert function.name == "f"
    assert function.complexity == 6
    assert function.nesting == 3
    assert function.parameters == 2


def test_a_function_knows_its_lines() -> None:
    first, second = measured("import os\n\n\ndef f():\n    return 1\n\n\ndef g():\n    return 2\n").functions

    assert (first.start_line, first.end_line, first.length) == (4, 5, 2)
    assert (second.start_line, second.end_line, second.length) == (8, 9, 2)


def test_a_method_does_not_count_the_object_it_belongs_to() -> None:
    (method,) = measured("class A:\n    def m(self, x):\n        return x\n").functions

    assert method.parameters == 1


def test_code_without_any_function_is_measured() -> None:
    metrics = measured("n = int(input())\nfor i in range(n):\n    for j in range(n):\n        print(i, j)\n")

    assert metrics.functions[0].name == ""
    assert (metrics.functions[0].start_line, metrics.functions[0].length) == (1, 4)
    assert (metrics.complexity, metrics.max_nesting, metrics.code_lines) == (3, 2, 4)


def test_code_beside_functions_counts_where_it_decides_something() -> None:
    plain = measured("def f(x):\n    return x\nprint(f(1))\n")
    deciding = measured("def f(x):\n    return x\nif f(1):\n    print(1)\n")

    assert [function.name for function in plain.functions] == ["f"]
    assert [function.name for function in deciding.functions] == ["f", ""]


def test_the_totals_come_from_the_functions() -> None:
    metrics = measured(
        "def f(x):\n    if x:\n        if x > 1:\n            pass\n\ndef g(x):\n    if x:\n        pass\n"
    )

    assert metrics.complexity == 4
    assert metrics.max_complexity == 3
    assert metrics.deepest.name == "f"
    assert metrics.longest.name == "f"


def test_guards_without_braces_or_semicolons_are_not_nested() -> None:
    code = "function f(a) {\n  if (!a) return 1\n  if (a > 2) return 2\n  for (const x of a) g(x)\n}\n"

    assert measured(code, "javascript").max_nesting == 1


def test_nothing_written_is_measured_as_nothing() -> None:
    metrics = measured("")

    assert (metrics.code_lines, metrics.complexity, metrics.max_nesting) == (0, 1, 0)


@pytest.mark.parametrize("language", ["kotlin", "Python", "", "py; rm -rf /"])
def test_other_languages_are_not_measured(language: str) -> None:
    assert measure("x = 1", language) is None


@pytest.mark.parametrize("comment", ["#lizard forgives", "# GENERATED CODE", "#lizard forgive global"])
def test_a_comment_cannot_switch_the_measuring_off(comment: str) -> None:
    assert measured(f"{comment}\ndef f(x):\n    {comment}\n    if x:\n        pass\n").max_complexity == 2


@pytest.mark.parametrize(
    ("language", "code"),
    [
        pytest.param("python", '"""' + r"\a" * 60, id="unfinished docstring"),
        pytest.param("java", "a <" + "extends" * 40 + "?!>", id="type arguments"),
        pytest.param("go", "func(" * 40_000, id="nested function types"),
        pytest.param("c", '\\"' * 100_000, id="escaped quotes"),
    ],
)
def test_code_that_lizard_hangs_on_costs_no_more_than_the_limit(
    monkeypatch: pytest.MonkeyPatch, language: str, code: str
) -> None:
    monkeypatch.setattr(code_metrics, "TIME_LIMIT_SECONDS", 0.5)
    started = time.monotonic()

    assert measure(code, language) is None
    assert time.monotonic() - started < 5


def test_the_deadline_of_the_work_at_hand_comes_first() -> None:
    started = time.monotonic()
    with within(0.3):
        assert measure('"""' + r"\a" * 60, "python") is None

    assert time.monotonic() - started < code_metrics.TIME_LIMIT_SECONDS


@pytest.mark.parametrize("language", ["javascript", "go", "rust"])
def test_code_that_lizard_fails_on_has_no_metrics(language: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert measure("{" * 5_000, language) is None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("language", EXTENSIONS)
@pytest.mark.parametrize(
    "code", ["\ufffd\x00\x01", "\N{PILE OF POO} = 'x", "\ud800", "\r\n\r\n", "\u2028(", "#", "if"]
)
def test_odd_characters_and_broken_code_are_measured(language: str, code: str) -> None:
    assert measured(code, language).complexity >= 1
