"""What fails: retried as the job or the queue's policy says, or failed for good with a letter to the dead."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.payloads import HINT, INTERVIEW, KINDS, REVIEW, TRANSCRIBE, behaving, hint
from tests.support.control_plane import NodeError

if TYPE_CHECKING:
    from tests.support.control_plane import ControlPlane, NodeQueue, Record

SOON = {"type": "fixed", "delay": 40}
LETTER = {"jobId", "name", "data", "opts", "failedReason", "code", "attemptsMade", "stacktrace", "failedAt"}


def letter_of(queue: NodeQueue, job: str) -> Record:
    """Return the one copy of a job that a Node worker got from its queue's dead-letter queue."""
    inbox = queue.dead_letters.consume()
    inbox.answer(job)
    [letter] = inbox.answers(job)
    data: Record = letter["data"]
    return data


def names(queue: NodeQueue, job: str) -> list[str]:
    """Return the names of a job's events so far."""
    return [event["event"] for event in queue.watch().moves(job)]


def fence(queue: NodeQueue) -> None:
    """Await the result of a new job: whatever the queue published before it has been seen by then."""
    queue.results.consume().answer(queue.add(HINT.job_name, hint()))


def test_a_failed_attempt_is_retried_by_the_jobs_own_policy(hints: NodeQueue) -> None:
    text = behaving("times=2 status=503")
    job = hints.add(HINT.job_name, hint(text), {"attempts": 3, "backoff": SOON})
    hints.watch().wait(job, "completed")
    record = hints.job(job)

    assert names(hints, job) == [
        *("added", "waiting", "active"),
        *("delayed", "waiting", "active"),
        *("delayed", "waiting", "active", "completed"),
    ]
    assert record["state"] == "completed"
    assert record["attemptsMade"] == 3
    assert len(record["stacktrace"]) == 2
    assert hints.results.consume().answer(job)["data"] == record["returnvalue"]
    assert hints.dead_letters.consume().answers(job) == []


def test_attempts_without_backoff_follow_at_the_default_pace(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("times=1 status=503")), {"attempts": 2})
    hints.watch().wait(job, "delayed")

    assert hints.job(job)["delay"] == 5000
    hints.call_job(job, "promote")
    hints.watch().wait(job, "completed")


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [("status=401", "llm_auth"), ("status=403", "llm_auth"), ("status=400", "llm_request_rejected")],
)
def test_what_a_retry_cannot_mend_fails_at_once(hints: NodeQueue, behaviour: str, code: str) -> None:
    options = {"attempts": 5, "backoff": SOON}
    payload = hint(behaving(behaviour))
    job = hints.add(HINT.job_name, payload, options)
    failed = hints.watch().wait(job, "failed")
    record = hints.job(job)
    fence(hints)

    assert record["state"] == "failed"
    assert record["attemptsMade"] == 1
    assert record["failedReason"] == failed["failedReason"]
    assert record["failedReason"].startswith(f"{code}: ")
    assert record["stacktrace"]
    assert all(isinstance(entry, str) and entry for entry in record["stacktrace"])
    assert hints.results.consume().answers(job) == []
    letter = letter_of(hints, job)
    assert letter.keys() == LETTER
    assert letter["name"] == HINT.job_name
    assert letter["data"] == payload
    assert letter["opts"].items() >= options.items()
    assert letter["code"] == code
    assert letter["attemptsMade"] == 1
    assert letter["failedReason"] == record["failedReason"]
    assert letter["stacktrace"] == record["stacktrace"]
    failed_at = datetime.fromisoformat(letter["failedAt"])
    assert abs(failed_at.timestamp() * 1000 - record["finishedOn"]) < 1000


def test_attempts_that_are_used_up_end_in_the_dead_letter_queue(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("status=503")), {"attempts": 2, "backoff": SOON})
    hints.watch().wait(job, "failed")
    exhausted = hints.watch().wait(job, "retries-exhausted")
    record = hints.job(job)

    assert record["attemptsMade"] == 2
    assert int(exhausted["attemptsMade"]) == 2
    assert len(record["stacktrace"]) == 2
    assert record["failedReason"].startswith("llm_unavailable: ")
    assert letter_of(hints, job)["attemptsMade"] == 2


def test_one_attempt_means_one(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("status=429")), {"attempts": 1})
    hints.watch().wait(job, "failed")

    assert "delayed" not in names(hints, job)
    assert letter_of(hints, job)["code"] == "llm_rate_limited"


def test_a_job_without_a_policy_gets_three_attempts_after_5_and_10_seconds(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("status=503")))
    events = hints.watch()
    for attempt, delay in enumerate((5000, 10_000), start=1):
        due = int(events.wait(job, "delayed", count=attempt)["delay"])
        record = hints.job(job)
        assert record["state"] == "delayed"
        assert record["delay"] == delay
        assert record["attemptsMade"] == attempt
        assert 0 <= due - record["processedOn"] - delay < 3000
        hints.call_job(job, "promote")
    events.wait(job, "failed")

    assert hints.job(job)["attemptsMade"] == 3
    assert letter_of(hints, job)["code"] == "llm_unavailable"


@pytest.mark.parametrize(
    ("backoff", "bounds"),
    [
        (70_000, (70_000, 70_000)),
        ({"type": "fixed", "delay": 70_000, "jitter": 0.5}, (35_000, 70_000)),
        ({"type": "exponential", "delay": 35_000}, (35_000, 70_000)),
        ({"type": "exponential", "delay": 35_000, "jitter": 0.2}, (28_000, 70_000)),
    ],
    ids=["number", "fixed with jitter", "exponential", "exponential with jitter"],
)
def test_the_delay_is_the_one_that_bullmq_computes(
    hints: NodeQueue, backoff: Any, bounds: tuple[int, int]
) -> None:
    job = hints.add(HINT.job_name, hint(behaving("status=503")), {"attempts": 3, "backoff": backoff})
    hints.watch().wait(job, "delayed")
    first = hints.job(job)["delay"]
    hints.call_job(job, "promote")
    hints.watch().wait(job, "delayed", count=2)
    second = hints.job(job)["delay"]
    hints.call_job(job, "remove")

    grows = isinstance(backoff, dict) and backoff["type"] == "exponential"
    assert bounds[0] <= first <= (bounds[1] / 2 if grows else bounds[1])
    assert (bounds[0] * 2 if grows else bounds[0]) <= second <= bounds[1]


@pytest.mark.usefixtures("beyond_bullmq")
@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({key: value for key, value in HINT.payload.items() if key != "language"}, "language"),
        ({**HINT.payload, "hintLevel": "loud"}, "hintLevel"),
        ({**HINT.payload, "problemDescription": 7}, "problemDescription"),
        ({**HINT.payload, "currentCode": "x" * 200_001}, "currentCode"),
        ({**HINT.payload, "conversationHistory": [{"role": "user", "content": 1}]}, "conversationHistory"),
        ({**HINT.payload, "hintIteration": 0}, "hintIteration"),
        ([], ""),
        ("text", ""),
        (None, ""),
    ],
    ids=[
        "missing",
        "unknown word",
        "type",
        "too long",
        "inside a list",
        "range",
        "a list",
        "a string",
        "null",
    ],
)
def test_a_wrong_payload_fails_at_once_and_the_field_is_named(
    hints: NodeQueue, data: Any, field: str
) -> None:
    job = hints.add(HINT.job_name, data)
    hints.watch().wait(job, "failed")
    record = hints.job(job)

    assert record["failedReason"].startswith("invalid_payload: ")
    assert field in record["failedReason"]
    assert record["attemptsMade"] == 1
    assert "xxxx" not in record["failedReason"] + "".join(record["stacktrace"])
    assert letter_of(hints, job)["code"] == "invalid_payload"


def letters_about(queue: NodeQueue, job: str) -> list[Record]:
    """Return the data of the letters of a job that are kept, in whatever state."""
    kept = queue.dead_letters.call("getJobs", ["waiting", "active", "completed", "failed"])
    return [letter["data"] for letter in kept if letter["data"]["jobId"] == job]


@pytest.mark.usefixtures("beyond_bullmq")
@pytest.mark.parametrize("options", [{"attempts": 2, "backoff": SOON}, {"attempts": 2, "backoff": 0}])
def test_a_job_that_completes_at_last_has_no_reason_of_failure(hints: NodeQueue, options: Record) -> None:
    job = hints.add(HINT.job_name, hint(behaving("times=1 status=503")), options)
    hints.watch().wait(job, "completed")
    record = hints.job(job)

    assert "failedReason" not in record
    assert len(record["stacktrace"]) == 1
    assert hints.call_job(job, "isFailed") is False


@pytest.mark.usefixtures("beyond_bullmq")
def test_the_letter_of_a_job_that_is_retried_and_completes_is_gone(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("times=1 status=401")))
    hints.watch().wait(job, "failed")
    [letter] = letters_about(hints, job)
    assert letter["code"] == "llm_auth"
    hints.call_job(job, "retry", "failed")
    hints.watch().wait(job, "completed")

    assert letters_about(hints, job) == []
    assert "failedReason" not in hints.job(job)


@pytest.mark.usefixtures("beyond_bullmq")
def test_the_letter_of_a_job_that_is_retried_and_fails_again_is_replaced(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("status=401")))
    hints.watch().wait(job, "failed")
    hints.call_job(job, "retry", "failed")
    hints.watch().wait(job, "failed", count=2)

    [letter] = letters_about(hints, job)
    assert letter["attemptsMade"] == 2


@pytest.mark.usefixtures("beyond_bullmq")
@pytest.mark.parametrize("kind", [INTERVIEW, TRANSCRIBE], ids=["interview", "transcribe"])
def test_rooms_of_peers_have_no_interviewer(control: ControlPlane, kind: Any) -> None:
    queue = control.queue(kind.queue)
    job = queue.add(kind.job_name, {**kind.payload, "roomMode": "peer"})

    assert queue.watch().wait(job, "failed")["failedReason"].startswith("not_available_in_mode: ")


def test_a_waiter_in_node_is_told_the_reason(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("status=401")))
    with pytest.raises(NodeError, match="llm_auth: "):
        hints.finished(job)


def test_a_failed_job_that_a_person_retries_runs_again(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("times=1 status=401")))
    hints.watch().wait(job, "failed")
    hints.call_job(job, "retry", "failed")
    hints.watch().wait(job, "completed")
    record = hints.job(job)

    assert record["attemptsMade"] == 2
    assert len(record["stacktrace"]) == 1
    assert hints.results.consume().answer(job)["data"] == record["returnvalue"]


def test_a_retry_with_its_attempts_reset_runs_anew_and_not_from_memory(hints: NodeQueue) -> None:
    options = {"attempts": 2, "backoff": SOON}
    job = hints.add(HINT.job_name, hint(behaving("times=3 status=503")), options)
    hints.watch().wait(job, "failed")
    assert letter_of(hints, job)["code"] == "llm_unavailable"
    hints.call_job(job, "retry", "failed", {"resetAttemptsMade": True, "resetAttemptsStarted": True})
    hints.watch().wait(job, "completed")

    assert hints.job(job)["attemptsMade"] == 2


def test_all_failed_jobs_can_be_retried_at_once(control: ControlPlane) -> None:
    queue = control.queue(REVIEW.queue)
    texts = [behaving("times=1 status=401") for _ in range(3)]
    jobs = [queue.add(REVIEW.job_name, REVIEW.with_text(text)) for text in texts]
    for job in jobs:
        queue.watch().wait(job, "failed")
    queue.call("retryJobs", {"state": "failed"})

    for job in jobs:
        queue.results.consume().answer(job)


def test_a_failure_of_one_kind_leaves_the_others_alone(control: ControlPlane) -> None:
    failing = control.queue(HINT.queue).add(HINT.job_name, hint(behaving("status=401")))
    others = {
        kind.queue: control.queue(kind.queue).add(kind.job_name, dict(kind.payload))
        for kind in KINDS.values()
    }
    for queue, job in others.items():
        control.queue(queue).results.consume().answer(job)

    assert control.queue(HINT.queue).watch().wait(failing, "failed")
