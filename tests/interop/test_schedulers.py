"""Recurring jobs: a scheduler made in Node goes on for as long as the plane serves its queue."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.interop.payloads import HINT, behaving, hint

if TYPE_CHECKING:
    from tests.support.control_plane import Events, NodeQueue, Record


def iterations(events: Events, scheduler: str, count: int) -> list[str]:
    """Return the ids of the scheduler's jobs so far, once ``count`` of them have completed."""

    def wanted(item: Record) -> bool:
        return item["event"] == "completed" and item["args"]["jobId"].startswith(f"repeat:{scheduler}:")

    return [item["args"]["jobId"] for item in events.wait_for(wanted, count=count)]


def schedule(hints: NodeQueue, repeat: Record, data: Record, **options: object) -> str:
    """Start a scheduler and return its id."""
    scheduler = f"s{uuid.uuid4().hex}"
    hints.call(
        "upsertJobScheduler", scheduler, repeat, {"name": HINT.job_name, "data": data, "opts": options}
    )
    return scheduler


def test_schedulers_go_on_and_each_iteration_has_its_result(hints: NodeQueue) -> None:
    every = schedule(hints, {"every": 700}, hint())
    cron = schedule(hints, {"pattern": "* * * * * *"}, hint())
    jobs = iterations(hints.watch(), every, 3) + iterations(hints.watch(), cron, 3)
    for scheduler in (every, cron):
        assert hints.call("removeJobScheduler", scheduler)

    for job in jobs:
        assert hints.results.consume().answer(job)["data"]["hint"]
    due = [int(job.rpartition(":")[2]) for job in jobs if cron in job]
    assert all(each % 1000 == 0 for each in due)
    assert len(set(due)) == len(due)


def test_a_failed_iteration_does_not_end_its_scheduler(hints: NodeQueue) -> None:
    scheduler = schedule(hints, {"every": 300}, hint(behaving("times=1 status=401")), attempts=1)
    jobs = iterations(hints.watch(), scheduler, 2)
    hints.call("removeJobScheduler", scheduler)

    for job in jobs:
        hints.results.consume().answer(job)


def test_a_scheduler_with_a_limit_ends_there(hints: NodeQueue) -> None:
    scheduler = schedule(hints, {"every": 200, "limit": 2}, hint())
    iterations(hints.watch(), scheduler, 2)

    assert hints.call("getJobScheduler", scheduler) is None or not hints.call("getDelayedCount")
