"""Bull Board on a plane that runs: what it shows is true, and what it does, the plane obeys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interop.payloads import HINT, KINDS, behaving, hint
from tests.support.browser import Browser
from tests.support.bull_board import BullBoard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.control_plane import ControlPlane, NodeQueue

RETRY = "[class*='headerActions'] button"
"""The first of the buttons of a failed job: they have pictures, and no names."""

pytestmark = pytest.mark.usefixtures("beyond_bullmq")


@pytest.fixture(scope="module")
def board(control: ControlPlane) -> Iterator[BullBoard]:
    """Bull Board on the job queues, their results and their dead letters."""
    queues = [f"{kind.queue}{suffix}" for kind in KINDS.values() for suffix in ("", ".results", ".dlq")]
    with BullBoard(control, queues) as running:
        yield running


@pytest.fixture
def only_jobs_of_bullmq(hints: NodeQueue) -> None:
    """Remove what other tests have left that no BullMQ wrote, and that Bull Board cannot show."""
    hints.call("clean", 0, 0, "failed")


@pytest.fixture
def failed(hints: NodeQueue) -> str:
    """A job that failed for good, because of a fault that is mended by now."""
    job = hints.add(HINT.job_name, hint(behaving("times=1 status=401")), {"attempts": 3})
    hints.watch().wait(job, "failed")
    hints.dead_letters.consume().answer(job)
    hints.log(job, lines=3)
    return job


def test_queues_and_their_counts_are_shown(board: BullBoard, hints: NodeQueue, failed: str) -> None:
    shown = {queue["name"]: queue for queue in board.get("queues")["queues"]}

    assert len(shown) == 3 * len(KINDS)
    counts = hints.call("getJobCounts", "completed", "failed", "delayed")
    assert counts["failed"] >= 1
    assert {state: shown[hints.name]["counts"][state] for state in counts} == counts


@pytest.mark.parametrize("kind", KINDS)
def test_the_worker_of_a_queue_is_shown(board: BullBoard, control: ControlPlane, kind: str) -> None:
    queue = control.queue(KINDS[kind].queue)
    [worker] = board.get(f"queues/{queue.name}/workers")["workers"]
    job = queue.add(KINDS[kind].job_name, dict(KINDS[kind].payload))
    queue.watch().wait(job, "completed")

    assert worker["name"] == board.job(queue, job)["processedBy"]


def test_a_failed_job_shows_where_it_was_and_why(board: BullBoard, hints: NodeQueue, failed: str) -> None:
    shown = board.job(hints, failed)
    log = board.get(f"queues/{hints.name}/{failed}/logs")

    assert shown["state"] == "failed"
    assert shown["progress"] == {"progress": 25, "step": "asked", "attempt": 1}
    assert shown["stacktrace"][0].startswith(f"aiplane.errors.LLMAuthError: {shown['failedReason']}\n")
    assert '\n  File "tasks/hint.py", line ' in shown["stacktrace"][0]
    assert len(log) == 3
    assert log[-1].endswith(shown["failedReason"])


def test_a_retry_of_a_failed_job_runs_it_anew(board: BullBoard, hints: NodeQueue, failed: str) -> None:
    answer = hints.results.consume()
    board.do(hints, failed, "retry")

    assert answer.answer(failed)["data"]["hintLevel"] == "gentle"
    shown = board.job(hints, failed)
    assert (shown["state"], shown["attempts"]) == ("completed", 2)
    assert shown["returnValue"]["hint"]


def test_a_delayed_job_that_is_promoted_runs_at_once(board: BullBoard, hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(), {"delay": 600_000})
    board.do(hints, job, "promote")

    assert hints.results.consume().answer(job)
    assert board.job(hints, job)["state"] == "completed"


@pytest.mark.parametrize("control", ["6"], indirect=True, scope="package", ids=["bullmq6"])
def test_a_person_sees_what_happened_to_a_job_and_retries_it(
    board: BullBoard, hints: NodeQueue, only_jobs_of_bullmq: None, failed: str
) -> None:
    with Browser() as browser:
        browser.open(board.page(hints, failed))
        browser.wait_for("25%")
        browser.click("text=Error")
        browser.wait_for("LLMAuthError")
        browser.click("text=Logs")
        browser.wait_for("openai is asked")
        browser.click("text=Progress")
        browser.wait_for("asked")
        browser.click(RETRY)
        browser.click("text=Confirm")
        answer = hints.results.consume().answer(failed)
        browser.open(board.page(hints, failed))
        browser.wait_for("100%")

    assert answer["data"]["jobId"] == failed
