"""What is known of code that comes again, and how little is kept of it."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.code import metrics, syntax
from aiplane.code.cache import LONGEST, MOST, Remembered
from aiplane.code.metrics import measure
from aiplane.code.syntax import syntax_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiplane.sandbox.pool import HelperPool


@pytest.fixture
def known() -> Remembered[int]:
    return Remembered()


def test_what_was_found_is_known_when_the_code_comes_again(known: Remembered[int]) -> None:
    assert known.find("a", "go") is None
    assert known.keep("a", "go", 1) == 1
    assert known.keep("\ud83d", "go", 2) == 2

    assert [known.find(code, "go") for code in ("a", "b", "\ud83d")] == [1, None, 2]


def test_the_same_code_in_another_language_is_other_code(known: Remembered[int]) -> None:
    known.keep("a", "c", 1)

    assert known.find("a", "cpp") is None


def test_what_was_not_found_is_not_kept(known: Remembered[int]) -> None:
    assert known.keep("a", "c", None) is None

    assert not known._answers


def test_of_very_long_code_nothing_is_kept(known: Remembered[int]) -> None:
    code = "x" * (LONGEST + 1)

    assert known.keep(code, "c", 1) == 1
    assert known.find(code, "c") is None


def test_what_was_not_asked_for_longest_is_forgotten(known: Remembered[int]) -> None:
    for number in range(MOST):
        known.keep(str(number), "c", number)
    known.find("0", "c")
    known.keep("one more", "c", MOST)

    assert known.find("0", "c") == 0
    assert known.find("1", "c") is None
    assert len(known._answers) == MOST


def test_the_code_itself_is_not_kept(known: Remembered[int]) -> None:
    known.keep("text-that-nobody-keeps", "c", 1)

    assert b"nobody-keeps" not in pickle.dumps(known._answers)


@pytest.mark.parametrize(
    ("look", "pool"),
    [(measure, metrics.METERS), (syntax_errors, syntax.CHECKERS)],
    ids=["meter", "checker"],
)
def test_a_program_is_asked_once_about_the_same_code(
    look: Callable[[str, str], Any], pool: HelperPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    real = pool.asked
    monkeypatch.setattr(
        pool, "asked", lambda question, *rest: asked.append(question) or real(question, *rest)
    )
    code = "asked_once = 1\nasked_again = (\n"

    first = look(code, "python")

    assert first is not None
    assert look(code, "python") is first
    assert len(asked) == 1
