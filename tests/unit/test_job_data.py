"""A job's data: what is read of it, and what nobody reads and costs nothing."""

from __future__ import annotations

import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiplane.contracts.job_data import MOST_VALUES, _fields, read_fields
from aiplane.errors import InvalidPayloadError

NAMES = frozenset({"a", "b"})
MANY = 2_000_000
"""Of something small: past the size up to which Python's own reader is asked."""


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"a":1,"x":[1,{"y":"}]"}],"b":"q\\"]"}', {"a": 1, "b": 'q"]'}),
        (' {"x" : {"a": 2} , "a" : [ ] } ', {"a": []}),
        ('{"\\u0061":1,"x":"\\\\","b":"\\ud800"}', {"a": 1, "b": "\ud800"}),
        ('{"a":1,"a":2}', {"a": 2}),
        ("{}", {}),
    ],
)
def test_the_fields_that_are_read_are_the_same_however_they_are_found(text: str, read: Any) -> None:
    assert {name: value for name, value in read_fields(text, NAMES).items() if name in NAMES} == read
    assert _fields(text, text.index("{") + 1, NAMES) == read


@pytest.mark.parametrize("text", ["7", "null", '"text"', "[]", "[[1]]"])
def test_what_is_no_object_is_for_the_payload_to_refuse(text: str) -> None:
    assert not isinstance(read_fields(text, NAMES), dict)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "undefined",
        "{} x",
        '{"a":1,}',
        '{"a":1 "b":2}',
        '{"x":"abc',
        '{"x":[[}',
        '{"a"}',
        "\0",
        '{"a":}',
        "{x:1}",
    ],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    for padded in (text, f"{text}{' ' * MANY}"):
        with pytest.raises(InvalidPayloadError, match="not JSON"):
            read_fields(padded, NAMES)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=30,
)


@given(
    st.dictionaries(st.sampled_from(["a", "b", "x", 'y"', "z\\", "{"]), NESTED), st.booleans(), st.booleans()
)
def test_any_object_is_read_as_python_reads_it(data: dict[str, Any], ascii_only: bool, wide: bool) -> None:
    text = json.dumps(data, ensure_ascii=ascii_only, indent=2 if wide else None)

    assert _fields(text, 1, NAMES) == {name: value for name, value in data.items() if name in NAMES}


UNREAD = {
    "a long number": "9" * 5_000,
    "levels": "[" * 1_500 + "]" * 1_500,
    "two million levels": "[" * MANY + "]" * MANY,
    "levels of objects": '{"k":' * 1_500 + "1" + "}" * 1_500,
    "empty lists": "[" + "[]," * MANY + "0]",
    "lists of ten levels": "[" + "[[[[[[[[[[]]]]]]]]]]," * (MANY // 40) + "0]",
    "objects": "[" + '{"k":{"k":"}"}},' * (MANY // 8) + "0]",
    "a text": '"' + "x" * 10 * MANY + '"',
    "escapes": '"' + '\\"\\\\' * MANY + '"',
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_field_that_nobody_reads_costs_nothing_whatever_is_in_it(name: str) -> None:
    text = f'{{"unknown":{UNREAD[name]},"a":"kept"}}'
    started = time.process_time()
    assert read_fields(text, NAMES)["a"] == "kept"
    seconds = time.process_time() - started
    tracemalloc.start()
    try:
        read_fields(text, NAMES)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 3_000_000
    assert seconds < 5


def test_a_million_fields_that_nobody_reads_cost_little() -> None:
    text = "{" + "".join(f'"k{number}":"v",' for number in range(MANY // 4)) + '"b":1}'
    started = time.process_time()

    assert read_fields(text, NAMES) == {"b": 1}
    assert time.process_time() - started < 5


@pytest.mark.parametrize("value", [UNREAD["empty lists"], UNREAD["two million levels"], UNREAD["levels"]])
def test_of_a_field_that_is_read_no_more_is_built_than_anybody_could_use(value: str) -> None:
    assert read_fields(f'{{"a":{value},"b":1}}', NAMES) == {"a": None, "b": 1}


def test_a_field_may_hold_as_much_as_the_contract_allows() -> None:
    turns = [{"role": "user", "content": "[{," * 6_000, "timestamp": 1} for _ in range(500)]

    assert MOST_VALUES > 500 * 5
    assert read_fields(json.dumps({"a": turns}), NAMES) == {"a": turns}


def test_a_number_that_is_too_long_is_too_large() -> None:
    assert read_fields(f'{{"a":{"9" * 5_000},"b":-{"9" * 5_000}}}', NAMES) == {
        "a": float("inf"),
        "b": float("-inf"),
    }
