"""A job's options mean what they mean to Node's BullMQ, and nothing in them can be refused or blow up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.options import Backoff, JobOptions, read_options


def options(**stored: object) -> JobOptions:
    return read_options(json.dumps(stored))


@pytest.mark.parametrize(
    ("stored", "attempts"),
    [
        (1, 1),
        (7, 7),
        (2.0, 2),
        ("4", 4),
        (0, 3),
        (-1, 3),
        (None, 3),
        ("many", 3),
        (True, 3),
        (2.5, 3),
        ({}, 3),
    ],
)
def test_attempts_are_the_jobs_own_where_they_are_one_or_more(stored: object, attempts: int) -> None:
    assert options(attempts=stored).attempts == attempts


def test_absent_options_have_the_contracts_defaults() -> None:
    for text in ("", "{}"):
        read = read_options(text)
        assert read.attempts == 3
        assert [read.backoff.delay(made) for made in (1, 2, 3)] == [5_000, 10_000, 20_000]
        assert not read.lifo
        assert read.remove_on_complete is False


@pytest.mark.parametrize("name", ["kl", "keepLogs"])
@pytest.mark.parametrize(("stored", "lines"), [(3, 3), ("3", 3), (0, None), (-1, None), ("all", None)])
def test_a_job_can_say_how_many_lines_its_log_keeps(name: str, stored: object, lines: int | None) -> None:
    assert options(**{name: stored}).keep_logs == lines


@pytest.mark.parametrize(
    ("delay", "made", "retry_after", "due"),
    [
        (0, 1, None, 0),
        (0, 3, None, 0),
        (0, 4, None, 1_000),
        (3, 1_000_000, None, 1_000),
        (2_000, 50, None, 2_000),
        (0, 1, 2.0, 2_000),
        (5_000, 1, 2.0, 5_000),
        (5_000, 1, 7.0001, 7_001),
        (0, 9, 0.0, 1_000),
    ],
)
def test_a_retry_is_due_no_sooner_than_anyone_asks(
    delay: int, made: int, retry_after: float | None, due: int
) -> None:
    assert Backoff("fixed", delay).due(made, retry_after) == due


@pytest.mark.parametrize("text", ["{", "[]", "null", "7", '"x"', "[" * 100_000, '{"attempts": NaN}'])
def test_options_that_are_no_object_are_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_options(text)


@pytest.mark.parametrize(
    ("stored", "made", "delay"),
    [
        (1000, 1, 1000),
        (1000, 3, 1000),
        (0, 1, 0),
        ({"type": "fixed", "delay": 200}, 4, 200),
        ({"type": "exponential", "delay": 200}, 1, 200),
        ({"type": "exponential", "delay": 200}, 4, 1600),
        ({"type": "exponential", "delay": 0.4}, 1, 0),
        # A type that no strategy here knows, or none: the default.
        ({"type": "moon", "delay": 7}, 2, 10_000),
        ({"delay": 7}, 1, 5_000),
        ("soon", 1, 5_000),
        (None, 1, 5_000),
        (-5, 1, 5_000),
        (True, 1, 5_000),
        # A known type without a usable delay.
        ({"type": "fixed"}, 2, 5_000),
        ({"type": "exponential", "delay": "x"}, 2, 10_000),
        # Large numbers end at the longest delay.
        ({"type": "exponential", "delay": 1000}, 400, 31_536_000_000),
        ({"type": "fixed", "delay": 10**400}, 1, 5_000),
    ],
)
def test_backoff_is_the_formula_of_bullmq(stored: object, made: int, delay: int) -> None:
    assert options(backoff=stored).backoff.delay(made) == delay


@pytest.mark.parametrize("kind", ["fixed", "exponential"])
def test_jitter_leaves_its_share_of_the_delay_to_chance(kind: str) -> None:
    backoff = options(backoff={"type": kind, "delay": 1000, "jitter": 0.25}).backoff
    longest = 1000 if kind == "fixed" else 2000
    assert backoff.delay(2, chance=0.0) == longest * 0.75
    assert backoff.delay(2, chance=1.0) == longest
    assert longest * 0.75 <= backoff.delay(2) <= longest


def test_jitter_above_one_is_all_chance() -> None:
    backoff = options(backoff={"type": "fixed", "delay": 1000, "jitter": 9}).backoff
    assert backoff == Backoff("fixed", 1000, 1.0)


@pytest.mark.parametrize(
    ("stored", "kept"),
    [
        (True, True),
        (False, False),
        (0, 0),
        (100, 100),
        ({"age": 60, "count": 5}, {"age": 60, "count": 5}),
        ({"count": "x"}, False),
        (-1, False),
        ("yes", False),
        (None, False),
        ([], False),
    ],
)
def test_what_is_kept_is_a_bool_a_count_or_limits(stored: object, kept: object) -> None:
    assert options(removeOnComplete=stored).remove_on_complete == kept
    assert options(removeOnFail=stored).remove_on_fail == kept


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("fpof", "failParentOnFailure"),
        ("cpof", "continueParentOnFailure"),
        ("idof", "ignoreDependencyOnFailure"),
        ("rdof", "removeDependencyOnFailure"),
    ],
)
def test_what_a_failure_means_to_the_parent_has_two_names(short: str, long: str) -> None:
    assert options(**{short: True}).parent == options(**{long: True}).parent == {long: True}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    [
        "attempts",
        "backoff",
        "lifo",
        "removeOnComplete",
        "removeOnFail",
        "stackTraceLimit",
        "fpof",
        "tm",
        "delay",
        "priority",
        "type",
    ]
)


@given(st.dictionaries(names, json_values), st.integers(1, 50))
def test_any_options_can_be_read_and_used(stored: dict[str, object], made: int) -> None:
    read = read_options(json.dumps(stored))
    assert read.attempts >= 1
    assert 0 <= read.backoff.delay(made) <= 31_536_000_000
    assert read.stack_trace_limit is None or read.stack_trace_limit >= 0
