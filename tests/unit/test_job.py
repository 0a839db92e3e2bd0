"""Reading a job's hash: what matters is typed, what cannot be run says so, and nothing raises."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiplane.queues import QUEUES
from bridges.attempt import refuse
from bridges.job import Job, read_job

RECORD = {
    "name": "generate-hint",
    "data": "{}",
    "opts": '{"attempts": 2, "tm": "from options"}',
    "timestamp": "1700000000123",
    "processedOn": "1700000000456",
    "atm": "1",
    "ats": "4",
}


def job(**changes: str) -> Job:
    return read_job(QUEUES["hint"], "q", "7", "token", RECORD | changes)


def test_a_record_is_read_into_a_job() -> None:
    read = job()
    assert (read.name, read.timestamp, read.attempts_made, read.processed_on) == (
        "generate-hint", 1700000000123, 1, 1700000000456,
    )  # fmt: skip
    assert read.options.attempts == 2
    assert read.fault is None
    assert refuse(read) is None


def test_the_run_is_the_same_for_whoever_holds_the_job_and_new_for_each_attempt() -> None:
    one = read_job(QUEUES["hint"], "q", "7", "token of one bridge", RECORD)
    other = read_job(QUEUES["hint"], "q", "7", "token of another", RECORD | {"ats": "9", "stc": "1"})
    assert one.run == other.run
    assert job(atm="2").run != one.run
    assert job(timestamp="1700000000124").run != one.run


def test_the_ids_of_runs_cannot_be_made_to_collide() -> None:
    left = read_job(QUEUES["hint"], "q", "a|1", "t", {"data": "{}", "timestamp": "2", "atm": "3"})
    right = read_job(QUEUES["hint"], "q|a", "1", "t", {"data": "{}", "timestamp": "2", "atm": "3"})
    assert left.run != right.run


@pytest.mark.parametrize("missing", [{}, {"name": "x"}, {"processedOn": "1", "ats": "1"}])
def test_a_record_without_data_cannot_be_run(missing: dict[str, str]) -> None:
    read = read_job(QUEUES["hint"], "q", "7", "t", missing)
    refusal = refuse(read)
    assert refusal is not None
    assert refusal.error is not None
    assert refusal.error.failed_reason == "invalid_payload: The job's record is missing or has no data."


def test_options_that_are_no_object_cannot_be_run() -> None:
    refusal = refuse(job(opts="[]"))
    assert refusal is not None
    assert refusal.error is not None
    assert refusal.error.code == "invalid_payload"
    assert "options" in refusal.error.sentence


def test_a_deferred_failure_is_not_run_and_its_reason_is_told() -> None:
    refusal = refuse(job(defa="child bull:other:1 failed"))
    assert refusal is not None
    assert refusal.error is not None
    assert "child bull:other:1 failed" in refusal.error.failed_reason
    assert not refusal.error.retryable


def test_the_trace_of_a_later_attempt_counts_before_the_options() -> None:
    assert job().trace == "from options"
    assert job(tm="from the record").trace == "from the record"


@pytest.mark.parametrize(
    ("options", "kept"),
    [({}, 10), ({"stackTraceLimit": 2}, 2), ({"stackTraceLimit": 0}, 0), ({"stackTraceLimit": 99}, 10)],
)
def test_the_last_stack_traces_are_kept(options: dict[str, int], kept: int) -> None:
    traces = [f"old {number}" for number in range(12)]
    read = job(opts=json.dumps(options), stacktrace=json.dumps(traces))
    assert read.traces_with("new") == [*traces, "new"][-kept:] if kept else read.traces_with("new") == []


@pytest.mark.parametrize(
    ("fields", "readable"),
    [
        ({}, True),
        ({"parentKey": "bull:p:1", "parent": '{"id": "1", "queueKey": "bull:p", "fpof": true}'}, True),
        ({"parentKey": "bull:p:1"}, True),
        ({"parentKey": "nobody"}, False),
        ({"parentKey": "bull:p:1", "parent": "{"}, False),
        ({"parentKey": "bull:p:1", "parent": "[]"}, False),
        ({"parentKey": "bull:p:1", "parent": '{"id": 1, "queueKey": "bull:p"}'}, False),
        ({"parentKey": "bull:p:2", "parent": '{"id": "1", "queueKey": "bull:p"}'}, False),
        ({"parent": '{"id": "1", "queueKey": "bull:p"}'}, False),
    ],
)
def test_a_parent_that_no_bullmq_wrote_is_dropped(fields: dict[str, str], readable: bool) -> None:
    assert job(**fields).unreadable == (() if readable else ("parent", "parentKey"))


@given(
    st.dictionaries(
        st.sampled_from([*RECORD, "parent", "parentKey", "stacktrace", "tm", "defa", "priority"]), st.text()
    )
)
def test_any_record_can_be_read(record: dict[str, str]) -> None:
    read = read_job(QUEUES["hint"], "q", "7", "t", record)
    assert read.attempts_made >= 0
    assert read.run.startswith("q|7|")
