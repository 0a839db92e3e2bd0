"""What is known of code that comes again, and how little is kept of it."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

from aiplane import code_metrics, syntax
from aiplane.code_metrics import measure
from aiplane.remembered import LONGEST, MOST, Remembered
from aiplane.syntax import syntax_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiplane.standby import StandbyPool


class Finder:
    """Finds a new number each time, or nothing."""

    def __init__(self) -> None:
        self.times = 0
        self.nothing = False

    def __call__(self) -> int | None:
        self.times += 1
        return None if self.nothing else self.times


@pytest.fixture
def find() -> Finder:
    return Finder()


def test_code_that_comes_again_is_looked_at_once(find: Finder) -> None:
    known: Remembered[int] = Remembered()

    assert [known.answer(code, "go", find) for code in ("a", "b", "a", "\ud83d", "\ud83d")] == [1, 2, 1, 3, 3]


def test_the_same_code_in_another_language_is_other_code(find: Finder) -> None:
    known: Remembered[int] = Remembered()

    assert [known.answer("a", language, find) for language in ("c", "cpp", "c")] == [1, 2, 1]


def test_what_was_not_found_is_looked_for_again(find: Finder) -> None:
    known: Remembered[int] = Remembered()
    find.nothing = True
    assert known.answer("a", "c", find) is None
    find.nothing = False

    assert known.answer("a", "c", find) == 2


def test_of_very_long_code_nothing_is_kept(find: Finder) -> None:
    known: Remembered[int] = Remembered()
    code = "x" * (LONGEST + 1)

    assert [known.answer(code, "c", find) for _ in range(2)] == [1, 2]


def test_what_was_not_asked_for_longest_is_forgotten(find: Finder) -> None:
    known: Remembered[int] = Remembered()
    for number in range(MOST):
        known.answer(str(number), "c", find)
    known.answer("0", "c", find)
    known.answer("one more", "c", find)
    assert find.times == MOST + 1

    known.answer("0", "c", find)
    assert find.times == MOST + 1
    known.answer("1", "c", find)
    assert find.times == MOST + 2
    assert len(known._answers) == MOST


def test_the_code_itself_is_not_kept(find: Finder) -> None:
    known: Remembered[int] = Remembered()
    known.answer("text-that-nobody-keeps", "c", find)

    assert b"nobody-keeps" not in pickle.dumps(known._answers)


@pytest.mark.parametrize(
    ("look", "pool"),
    [(measure, code_metrics.METERS), (syntax_errors, syntax.CHECKERS)],
    ids=["meter", "checker"],
)
def test_a_program_is_asked_once_about_the_same_code(
    look: Callable[[str, str], Any], pool: StandbyPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    real = pool.ask
    monkeypatch.setattr(pool, "ask", lambda question, *rest: asked.append(question) or real(question, *rest))
    code = "asked_once = 1\nasked_again = (\n"

    first = look(code, "python")

    assert first is not None
    assert look(code, "python") is first
    assert len(asked) == 1
