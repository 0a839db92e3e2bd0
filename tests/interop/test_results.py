"""A job of each kind goes in, exactly one result comes out, and BullMQ's record of the job says the same."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.interop.payloads import HINT, KINDS, behaving, hint

if TYPE_CHECKING:
    from tests.support.control_plane import ControlPlane, NodeQueue


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_gives_one_result_of_its_kind(control: ControlPlane, kind: str) -> None:
    expected = KINDS[kind]
    queue = control.queue(expected.queue)
    job = queue.add(expected.job_name, dict(expected.payload))

    answer = queue.results.consume().answer(job)
    completed = queue.watch().wait(job, "completed")
    record = queue.job(job)

    assert answer["name"] == expected.result_name
    assert answer["data"]["jobId"] == job
    assert expected.always <= answer["data"].keys() <= expected.always | expected.sometimes
    assert (
        answer["opts"].items()
        >= {
            "attempts": 3,
            "backoff": {"type": "exponential", "delay": 1500},
            "removeOnComplete": 100,
            "removeOnFail": False,
        }.items()
    )
    assert record["state"] == "completed"
    assert record["attemptsMade"] == 1
    assert record["processedBy"]
    assert record["timestamp"] <= record["processedOn"] <= record["finishedOn"]
    assert answer["data"] == record["returnvalue"] == completed["returnvalue"] == queue.finished(job)


def test_events_of_a_job_are_those_of_bullmq(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint())
    hints.watch().wait(job, "completed")

    moves = [event["event"] for event in hints.watch().moves(job)]
    assert moves == ["added", "waiting", "active", "completed"]


def test_the_queue_decides_the_kind_not_the_jobs_name(hints: NodeQueue) -> None:
    job = hints.add("review-code", hint())

    assert hints.results.consume().answer(job)["name"] == "hint-result"


def test_a_result_is_of_the_level_that_was_asked_for(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(hintLevel="moderate"))

    assert hints.results.consume().answer(job)["data"]["hintLevel"] == "moderate"


@pytest.mark.parametrize(
    "text",
    [
        "\N{SNOWMAN}\N{PARTY POPPER}",
        "a\x00b\x1b[0m\u2028",
        "\ud83d half an emoji",
        "\u202etfel ot thgir",
        "x" * 150_000,
    ],
    ids=["emoji", "control characters", "lone surrogate", "right to left", "long"],
)
def test_any_text_that_json_can_hold_is_served(hints: NodeQueue, text: str) -> None:
    job = hints.add(HINT.job_name, hint(text, unknownField={"deep": [text[:9]]}, roomId=text[:9]))

    assert hints.results.consume().answer(job)["data"]["hint"]
    assert hints.job(job)["data"]["currentCode"] == text


@pytest.mark.parametrize(
    "job_id",
    ["plain", "three:part:id", "ключ-\N{PARTY POPPER}", "x" * 200, "a b'\"{}|*?[c]", "-1"],
)
def test_a_result_answers_the_job_whatever_its_id(hints: NodeQueue, job_id: str) -> None:
    # Unique, and still three parts where it was three: Node takes no other number of colons.
    unique = f"{job_id}-{uuid.uuid4()}"
    assert hints.add(HINT.job_name, hint(), {"jobId": unique}) == unique

    hints.results.consume().answer(unique)
    assert hints.watch().wait(unique, "completed")
    assert hints.job(unique)["state"] == "completed"


def test_adding_the_same_id_again_runs_nothing(hints: NodeQueue) -> None:
    job = str(uuid.uuid4())
    first = hints.add(HINT.job_name, hint(), {"jobId": job})
    hints.results.consume().answer(first)
    hints.watch().wait(job, "completed")
    again = hints.add(HINT.job_name, hint(), {"jobId": job})
    hints.watch().wait(job, "duplicated")

    assert again == first
    assert hints.job(job)["attemptsMade"] == 1
    assert len(hints.results.consume().answers(job)) == 1


def test_many_jobs_of_all_kinds_each_get_their_own_answer(control: ControlPlane) -> None:
    queues = {kind.queue: control.queue(kind.queue) for kind in KINDS.values()}
    jobs = [
        (queues[kind.queue], job)
        for kind in KINDS.values()
        for job in queues[kind.queue].add_bulk([{"name": kind.job_name, "data": dict(kind.payload)}] * 15)
    ]

    for queue, job in jobs:
        queue.results.consume().answer(job)
    for queue, job in jobs:
        assert queue.watch().wait(job, "completed")["returnvalue"]["jobId"] == job


def test_as_many_run_at_once_as_the_pool_has_slots_and_the_rest_wait(hints: NodeQueue) -> None:
    text = behaving("delay=0.4")
    jobs = hints.add_bulk([{"name": HINT.job_name, "data": hint(text)} for _ in range(8)])
    busy = hints.watch().order("active", jobs[: HINT.concurrency])
    counts = hints.call("getJobCounts", "active", "waiting")
    for job in jobs:
        hints.watch().wait(job, "completed")
    runs = [hints.job(job) for job in jobs]
    at_once = [
        sum(other["processedOn"] <= run["processedOn"] < other["finishedOn"] for other in runs)
        for run in runs
    ]

    assert busy == jobs[: HINT.concurrency]
    assert (counts["active"], counts["waiting"]) == (5, 3)
    assert max(at_once) == HINT.concurrency


@pytest.mark.usefixtures("beyond_bullmq")
def test_a_result_carries_on_the_trace_of_its_job(hints: NodeQueue) -> None:
    trace = uuid.uuid4().hex
    metadata = json.dumps({"traceparent": f"00-{trace}-{uuid.uuid4().hex[:16]}-01"})
    job = hints.add(HINT.job_name, hint(), {"telemetry": {"metadata": metadata}})

    assert trace in hints.results.consume().answer(job)["opts"]["telemetry"]["metadata"]


@pytest.mark.usefixtures("beyond_bullmq")
def test_a_completed_job_that_a_person_runs_again_has_a_new_result(
    hints: NodeQueue, asked_twice: set[str]
) -> None:
    job = hints.add(HINT.job_name, hint())
    asked_twice.add(job)
    hints.watch().wait(job, "completed")
    hints.call_job(job, "retry", "completed")
    hints.watch().wait(job, "completed", count=2)

    first, second = hints.results.consume().answer(job), hints.results.consume().answer(job, count=2)
    assert first["id"] != second["id"]
    assert hints.job(job)["attemptsMade"] == 2
