"""What stays of a job that is over is the job's own decision; its result comes in any case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.interop.payloads import HINT, behaving, hint

if TYPE_CHECKING:
    from tests.support.control_plane import NodeQueue


def test_a_job_that_is_removed_on_completion_has_its_result(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(), {"removeOnComplete": True})
    hints.results.consume().answer(job)
    hints.watch().wait(job, "completed")

    assert hints.call("getJob", job) is None


@pytest.mark.parametrize("keep", [2, {"count": 2}, {"age": 3600, "count": 2}], ids=["number", "count", "age"])
def test_as_many_are_kept_as_the_job_says(hints: NodeQueue, keep: Any) -> None:
    hints.call("clean", 0, 0, "completed")
    for _ in range(4):
        job = hints.add(HINT.job_name, hint(), {"removeOnComplete": keep})
        hints.watch().wait(job, "completed")

    assert hints.call("getJobCounts", "completed") == {"completed": 2}
    assert hints.job(job)["state"] == "completed"


def test_nothing_is_removed_where_the_job_does_not_ask(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint())
    hints.watch().wait(job, "completed")

    assert hints.job(job)["returnvalue"]


def test_a_job_that_is_removed_on_failure_has_its_dead_letter(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("status=401")), {"removeOnFail": True})
    hints.watch().wait(job, "failed")

    assert hints.call("getJob", job) is None
    assert hints.dead_letters.consume().answer(job)["data"]["code"] == "llm_auth"


def test_a_job_that_a_person_removes_while_it_waits_for_its_retry_is_gone(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("status=503")))
    hints.watch().wait(job, "delayed")
    hints.call_job(job, "remove")

    assert hints.call("getJob", job) is None
