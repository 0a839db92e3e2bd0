"""What a job under test may write to steer the fake provider."""

from __future__ import annotations

import json

import pytest

from tests.support.directives import UNNAMED, read_behaviour


@pytest.mark.parametrize(
    "text",
    [
        "[[case: a-1]] [[provider: status=503 times=2 hang]]",
        "code\n# [[case:a-1]]\n# [[provider:status=503  times=2,hang]]\ncode",
        "[[case:^a-1]]^[[provider:^status=503^times=2^hang]]",
        "[[provider: status=503]] [[case: a-1]] [[case: b]] [[provider: times=2 hang]]",
        "| # [[case: a-1]] [[provider: status=503\n| times=2\n| hang]]",
        json.dumps({"code": "[[case: a-1]]\n[[provider: status=503 times=2 hang]]"}),
    ],
)
def test_directives_are_read_from_whatever_surrounds_and_parts_them(text: str) -> None:
    asked = read_behaviour(text)

    assert asked.case == "a-1"
    assert asked.words == {"status": "503", "times": "2", "hang": ""}


def test_text_without_directives_asks_for_nothing() -> None:
    asked = read_behaviour("nums[[0]] [[1, 2]] provider: hang")

    assert asked.case == UNNAMED
    assert not asked.words


def test_a_behaviour_lasts_for_as_many_calls_as_it_says() -> None:
    asked = read_behaviour("[[case: a]] [[provider: times=2 status=503]]")

    assert [bool(asked.at_call(number).words) for number in (1, 2, 3)] == [True, True, False]
    assert asked.at_call(3).case == "a"
