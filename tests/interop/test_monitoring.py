"""What dashboards and operators see of the plane through BullMQ's own getters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interop.payloads import HINT, KINDS, behaving, hint
from tests.support.control_plane import NodeError

if TYPE_CHECKING:
    from tests.support.control_plane import ControlPlane, NodeQueue


@pytest.mark.parametrize("kind", KINDS)
def test_one_worker_is_listed_per_queue(control: ControlPlane, kind: str) -> None:
    queue = control.queue(KINDS[kind].queue)
    [worker] = queue.call("getWorkers")

    assert queue.call("getWorkersCount") == 1
    assert worker["rawname"].partition(":w:")[2]
    assert worker["name"] == queue.name


def test_the_worker_that_is_listed_is_the_one_that_processed(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint())
    hints.watch().wait(job, "completed")
    [worker] = hints.call("getWorkers")

    assert worker["rawname"].endswith(f":w:{hints.job(job)['processedBy']}")


def test_a_log_line_of_others_is_left_alone(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(), {"delay": 400})
    hints.call_job(job, "log", "queued by the control plane")
    hints.watch().wait(job, "completed")

    assert hints.call("getJobLogs", job)["logs"][0] == "queued by the control plane"


def test_a_running_job_is_active_and_locked(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(behaving("delay=0.5")))
    hints.watch().wait(job, "active")

    assert hints.call("getJobState", job) == "active"
    with pytest.raises(NodeError, match="locked"):
        hints.call_job(job, "remove")
    hints.results.consume().answer(job)


@pytest.mark.usefixtures("beyond_bullmq")
@pytest.mark.parametrize(("state", "behaviour"), [("completed", ""), ("failed", "status=401")])
def test_the_throughput_is_counted(hints: NodeQueue, state: str, behaviour: str) -> None:
    before = hints.call("getMetrics", state)["meta"]["count"]
    for _ in range(3):
        text = behaving(behaviour) if behaviour else ""
        hints.watch().wait(hints.add(HINT.job_name, hint(text)), state)

    assert hints.call("getMetrics", state)["meta"]["count"] == before + 3


def test_nothing_stays_active_when_all_is_done(control: ControlPlane) -> None:
    for kind in KINDS.values():
        queue = control.queue(kind.queue)
        queue.watch().wait(queue.add(kind.job_name, dict(kind.payload)), "completed")
        assert queue.call("getJobCounts", "active", "waiting", "paused", "prioritized") == {
            "active": 0,
            "waiting": 0,
            "paused": 0,
            "prioritized": 0,
        }
