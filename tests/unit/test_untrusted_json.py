"""JSON and whole numbers that anyone may have written: read within bounds, or not at all."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from aiplane.redis.untrusted_json import (
    DEEPEST,
    MOST_VALUES,
    can_be_written,
    read_json,
    read_object,
    read_stored,
    whole_number,
)

DEEP = "[" * DEEPEST + "]" * DEEPEST


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "NaN", "[Infinity]", '{"a": -Infinity}', "\ufeff{}", f"[{DEEP}]", "[" * 1_000_000),
        "[" + "0," * MOST_VALUES + "0]",
        # Each of its quotes begins a string that does not end.
        "[" * (DEEPEST + 1) + '"' + '\\"' * 500_000,
        "[" * (DEEPEST + 1) + '"' + '\\"' * 500_000 + "\\",
    ],
    ids=lambda text: text if len(text) < 20 else f"{len(text)} characters",
)
def test_what_is_no_json_or_too_much_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_json(text)
    assert read_stored(text) is None
    assert read_object(text) == {}


@pytest.mark.parametrize("text", [DEEP, json.dumps(["[{," * MOST_VALUES]), '"\\ud800"', '{"a": 1, "a": 2}'])
def test_what_is_json_is_read(text: str) -> None:
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize("digits", [308, 309, 5_000])
def test_a_number_of_any_length_is_one(digits: int) -> None:
    float(read_json("9" * digits))
    assert read_json("9" * 5_000) == math.inf
    assert read_json("-" + "9" * 5_000) == -math.inf


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0", 0),
        ("7", 7),
        ("007", 7),
        ("9" * 15, 10**15 - 1),
        (0, 0),
        (7, 7),
        (7.0, 7),
        (2**53 - 1, 2**53 - 1),
    ],
)
def test_a_whole_number_is_read(value: object, number: int) -> None:
    assert whole_number(value) == number


@pytest.mark.parametrize(
    "value",
    [
        *("", "²", "٣", "1_000", " 7", "7\n", "-7", "+7", "7.0", "1e3", "true", "9" * 16, "9" * 5_000),
        *(
            -1,
            2**53,
            10**400,
            -(10**400),
            2.5,
            math.inf,
            -math.inf,
            math.nan,
            True,
            False,
            None,
            [],
            {},
            b"7",
        ),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_anything_else_is_no_whole_number(value: Any) -> None:
    assert whole_number(value) is None
    assert whole_number(value, 5) == 5


def test_half_a_character_cannot_be_written() -> None:
    assert can_be_written("é\udc80")
    assert not can_be_written("\ud800")
