"""Syntax errors in the eight languages, in bounded time."""

from __future__ import annotations

import resource
import time

import pytest

from aiplane.code import syntax
from aiplane.code.languages import EXTENSIONS
from aiplane.code.syntax import still_parses, syntax_errors
from aiplane.context.deadline import within
from tests.unit.test_metrics import PROGRAMS


@pytest.mark.parametrize("language", EXTENSIONS)
def test_code_that_parses_has_none(language: str) -> None:
    assert syntax_errors(PROGRAMS[language], language) == ()
    assert syntax_errors("", language) == ()


@pytest.mark.parametrize("language", EXTENSIONS)
def test_code_that_does_not_parse_has_a_line(language: str) -> None:
    errors = syntax_errors(PROGRAMS[language] + "\n)(\n", language)

    assert errors
    assert all(1 <= line <= PROGRAMS[language].count("\n") + 2 for line in errors)


def test_the_line_is_the_one_of_the_fault() -> None:
    assert syntax_errors("x = 1\ny = = 2\nz = 3\n", "python") == (2,)


@pytest.mark.parametrize("language", ["kotlin", "", None, "py; rm -rf /"])
def test_of_other_languages_nothing_is_known(language: str | None) -> None:
    assert syntax_errors("((", language) is None


@pytest.mark.parametrize("language", EXTENSIONS)
@pytest.mark.parametrize("code", ["\ufffd\x00", "\N{PILE OF POO}" * 50, "\ud800", "\r\n\r\n", "\u2028("])
def test_odd_characters_are_parsed(language: str, code: str) -> None:
    errors = syntax_errors(code, language)

    assert errors is not None
    assert all(1 <= line <= code.count("\n") + 1 for line in errors)


@pytest.mark.parametrize(
    ("language", "code"),
    [("cpp", "(" * 200_000), ("rust", '"' * 200_000), ("go", '"' * 200_000), ("cpp", "({[" * 66_000)],
)
def test_hostile_code_costs_no_more_than_the_limit(
    monkeypatch: pytest.MonkeyPatch, language: str, code: str
) -> None:
    monkeypatch.setattr(syntax, "TIME_LIMIT_SECONDS", 0.3)
    started = time.monotonic()

    syntax_errors(code, language)

    assert time.monotonic() - started < 3


@pytest.mark.parametrize("language", ["java", "cpp"])
def test_code_that_ends_the_parser_costs_the_check_only(language: str) -> None:
    assert syntax_errors("a<" * 100_000, language) is None
    assert syntax_errors(PROGRAMS[language], language) == ()


def test_the_memory_of_the_parser_is_bounded() -> None:
    syntax_errors("of_the_memory = 1", "python")
    standby = syntax.CHECKERS._idle[-1]

    limit, _ = resource.prlimit(standby._process.pid, resource.RLIMIT_AS)

    assert limit == 512 * 1024 * 1024


def test_the_deadline_of_the_work_at_hand_comes_first() -> None:
    with within(0.1):
        assert syntax_errors('"' * 200_000, "rust") is None


def test_a_checker_that_dies_costs_the_check_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiplane.sandbox.pool.sys.executable", "/nowhere/python")
    monkeypatch.setattr(syntax.CHECKERS, "_idle", [])

    assert syntax_errors("of_the_dead = 1", "python") is None
    assert still_parses(["x = 1"], "python", start_line=1, end_line=1, replacement="x = (")


LINES = ["def f(a):", "    return a", ""]


@pytest.mark.parametrize(
    ("replacement", "parses"),
    [("    return a + 1", True), ("    return (a", False), ("", True), ("\treturn )", False)],
)
def test_a_replacement_must_not_add_an_error(replacement: str, parses: bool) -> None:
    assert still_parses(LINES, "python", start_line=2, end_line=2, replacement=replacement) == parses


def test_code_that_was_broken_before_may_stay_so() -> None:
    broken = ["x = (", "y = 1"]

    assert still_parses(broken, "python", start_line=2, end_line=2, replacement="y = 2")
