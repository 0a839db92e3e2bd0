"""How far a job is and what happened to it, as Node's ``progress``, ``getJobLogs`` and listeners see it."""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.interop.payloads import HINT, KINDS, behaving, hint, tone

if TYPE_CHECKING:
    from tests.support.control_plane import ControlPlane, NodeQueue, Record
    from tests.support.redis_server import RedisServer

pytestmark = pytest.mark.usefixtures("beyond_bullmq")


def lines_of(queue: NodeQueue, job: str) -> list[str]:
    """Return a job's log without the times."""
    lines: list[str] = [line.partition(" ")[2] for line in queue.call("getJobLogs", job)["logs"]]
    return lines


def told(queue: NodeQueue, job: str, step: str, *, attempt: int = 1, percent: int | None = None) -> Record:
    """Wait until a listener was told of a step, and return what it was told."""

    def wanted(item: Record) -> bool:
        args = item["args"]
        if item["event"] != "progress" or args["jobId"] != job:
            return False
        data = args["data"]
        return (data["step"], data["attempt"]) == (step, attempt) and percent in (None, data["progress"])

    data: Record = queue.watch().wait_for(wanted)[0]["args"]["data"]
    return data


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_that_is_done_is_at_100_and_its_log_says_how(control: ControlPlane, kind: str) -> None:
    queue = control.queue(KINDS[kind].queue)
    job = queue.add(KINDS[kind].job_name, dict(KINDS[kind].payload))
    told(queue, job, "checked", percent=100)

    assert queue.job(job)["progress"] == {"progress": 100, "step": "checked", "attempt": 1}
    taken, asked, checked, done = lines_of(queue, job)
    assert taken.startswith(f"attempt 1: taken by {kind}@")
    assert "openai is asked" in asked
    assert checked.startswith("attempt 1: the ")
    assert done.startswith("attempt 1: done in ")


def test_a_job_whose_model_has_not_answered_yet_is_asked(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("delay=1.5")))
    told(hints, job, "asked")

    assert hints.call("getJobState", job) == "active"
    assert hints.job(job)["progress"] == {"progress": 25, "step": "asked", "attempt": 1}
    assert [line.partition(": ")[2] for line in lines_of(hints, job)][1:] == [
        "openai is asked, with prompt hint-4"
    ]
    hints.results.consume().answer(job)


def test_a_job_that_failed_stays_where_it_was_and_its_next_attempt_begins_anew(hints: NodeQueue) -> None:
    options = {"attempts": 2, "backoff": {"type": "fixed", "delay": 200}}
    job = hints.add(HINT.job_name, hint(behaving("times=1 status=503")), options)
    hints.watch().wait(job, "delayed")
    assert told(hints, job, "asked")["progress"] == 25
    told(hints, job, "checked", attempt=2, percent=100)

    lines = lines_of(hints, job)
    assert [line.partition(":")[0] for line in lines] == 3 * ["attempt 1"] + 4 * ["attempt 2"]
    assert ": llm_unavailable: The provider answered 503" in lines[2]


def test_an_answer_that_went_back_is_told_with_the_reason(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("times=1 answer=truncated")))
    told(hints, job, "checked", percent=100)

    _, _, back, checked, _ = lines_of(hints, job)
    assert "the answer goes back after" in back
    assert "cut off" in back
    assert ": 2 calls, " in checked


def test_silence_is_told(control: ControlPlane) -> None:
    queue = control.queue(KINDS["transcribe"].queue)
    silence = base64.b64encode(tone()[:44] + bytes(4800)).decode()
    job = queue.add("transcribe", {"mimeType": "audio/wav", "audioBase64": silence})
    told(queue, job, "checked", percent=100)

    assert "nothing can be heard, so nobody was asked" in lines_of(queue, job)[1]


def test_no_word_of_a_candidate_is_told(hints: NodeQueue, redis_server: RedisServer) -> None:
    job = hints.add(HINT.job_name, hint(behaving("times=1 status=400") + "# hunter2"), {"attempts": 1})
    hints.watch().wait(job, "failed")
    done = hints.add(HINT.job_name, hint("# hunter2"))
    told(hints, done, "checked", percent=100)

    assert len(lines_of(hints, job)) == 3
    assert "hunter2" not in "".join(lines_of(hints, job) + lines_of(hints, done))


def test_a_log_keeps_as_many_lines_as_its_job_says(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(), {"keepLogs": 2})
    told(hints, job, "checked", percent=100)

    assert len(lines_of(hints, job)) == 2


def test_a_job_that_is_removed_when_done_leaves_nothing(hints: NodeQueue, redis_server: RedisServer) -> None:
    gone = [f"gone-{uuid.uuid4()}" for _ in range(5)]
    for job in gone:
        hints.add(HINT.job_name, hint(), {"jobId": job, "removeOnComplete": True})
    for job in gone:
        hints.watch().wait(job, "completed")
    # Notes are written in their order, so those of the five have been.
    told(hints, hints.add(HINT.job_name, hint()), "checked", percent=100)

    for job in gone:
        assert redis_server.client.keys(f"{hints.key}:{job}*") == []
