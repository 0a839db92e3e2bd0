"""Whatever happens to a job, BullMQ's record of it is the one that BullMQ's own worker leaves.

Each scenario is played twice, once to the plane and once to the reference worker in Node; everything that
Redis and the event stream then hold of its jobs is compared, field by field.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import TYPE_CHECKING

import pytest

from tests.interop.observation import observe
from tests.interop.payloads import HINT, behaving, hint

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.control_plane import ControlPlane, NodeQueue, Record
    from tests.support.redis_server import RedisServer

SOON = {"type": "fixed", "delay": 40}


@dataclass(frozen=True)
class Scenario:
    """One job: what the provider does to it, with what options it comes, and the event that ends the play."""

    behaviour: str = ""
    options: Record = field(default_factory=dict)
    end: str = "completed"

    def play(self, queue: NodeQueue) -> str:
        text = behaving(self.behaviour) if self.behaviour else ""
        job = queue.add(HINT.job_name, hint(text), {"jobId": unique(), **self.options})
        queue.watch().wait(job, self.end)
        if self.end == "failed":
            queue.dead_letters.consume().answer(job)
        return job


SCENARIOS = {
    "success": Scenario(),
    "every option": Scenario("", {"attempts": 4, "backoff": SOON, "keepLogs": 3, "sizeLimit": 100_000}),
    "two retries": Scenario("times=2 status=503", {"attempts": 3, "backoff": SOON}),
    "retry at once": Scenario(
        "times=1 status=503", {"attempts": 2, "backoff": {"type": "fixed", "delay": 0}}
    ),
    "retry, priority": Scenario("times=1 status=503", {"attempts": 2, "backoff": SOON, "priority": 7}),
    "retry, lifo": Scenario("times=1 status=503", {"attempts": 2, "backoff": SOON, "lifo": True}),
    "trace limit": Scenario("times=3 status=503", {"attempts": 4, "backoff": SOON, "stackTraceLimit": 2}),
    "default backoff": Scenario("times=1 status=503", end="delayed"),
    "exhausted": Scenario("status=503", {"attempts": 2, "backoff": SOON}, end="failed"),
    "final": Scenario("status=401", {"attempts": 3, "backoff": SOON}, end="failed"),
    "final at last": Scenario("status=401", {"attempts": 1}, end="failed"),
    "final by default": Scenario("status=401", end="failed"),
    "delayed": Scenario("", {"delay": 100}),
    "delayed, priority": Scenario("", {"delay": 100, "priority": 7}),
    "priority": Scenario("", {"priority": 2_000_000}),
    "lifo": Scenario("", {"lifo": True}),
    "deduplication": Scenario("", {"deduplication": {"id": "one at a time"}}),
    "removed when done": Scenario("", {"removeOnComplete": True}),
    "removed when failed": Scenario("status=401", {"removeOnFail": True}, end="failed"),
    "kept for a while": Scenario("", {"removeOnComplete": {"age": 3600, "count": 1000}}),
}


def unique() -> str:
    return f"job-{uuid.uuid4()}"


@pytest.fixture
def same(
    control: ControlPlane, hints: NodeQueue, reference: str, redis_server: RedisServer
) -> Callable[[Callable[[NodeQueue], tuple[str, ...]]], None]:
    """Play to the plane and to the reference, and hold what is left of the jobs side by side."""

    def seen(queue: NodeQueue, play: Callable[[NodeQueue], tuple[str, ...]]) -> list[str]:
        jobs = play(queue)
        told = observe(redis_server, queue, jobs)
        for job in jobs:
            queue.call("remove", job)
        return told

    def compare(play: Callable[[NodeQueue], tuple[str, ...]]) -> None:
        theirs = seen(control.queue(HINT.queue, reference), play)
        ours = seen(hints, play)
        difference = "\n".join(unified_diff(theirs, ours, "node", "plane", lineterm=""))
        if difference:
            pytest.fail(f"what is left of the jobs differs:\n{difference}", pytrace=False)

    return compare


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_record_of_one_job(same: Callable[..., None], name: str) -> None:
    same(lambda queue: (SCENARIOS[name].play(queue),))


def test_the_record_of_a_failed_job_that_a_person_retries(same: Callable[..., None]) -> None:
    def play(queue: NodeQueue) -> tuple[str]:
        job = Scenario("times=1 status=401", end="failed").play(queue)
        queue.call_job(job, "retry", "failed")
        queue.watch().wait(job, "completed")
        return (job,)

    same(play)


def test_the_record_of_a_job_that_is_promoted(same: Callable[..., None]) -> None:
    def play(queue: NodeQueue) -> tuple[str]:
        job = queue.add(HINT.job_name, hint(), {"jobId": unique(), "delay": 600_000})
        queue.call_job(job, "promote")
        queue.watch().wait(job, "completed")
        return (job,)

    same(play)


@pytest.mark.parametrize(
    ("behaviour", "options", "end"),
    [
        ("", {}, "completed"),
        ("status=401", {"failParentOnFailure": True}, "failed"),
        ("status=401", {"ignoreDependencyOnFailure": True}, "completed"),
        ("status=401", {"removeDependencyOnFailure": True}, "completed"),
        ("status=401", {"continueParentOnFailure": True}, "completed"),
    ],
    ids=["success", "fail parent", "ignore", "drop", "continue"],
)
def test_the_record_of_a_parent_and_its_child(
    same: Callable[..., None], behaviour: str, options: Record, end: str
) -> None:
    def play(queue: NodeQueue) -> tuple[str, str]:
        text = behaving(behaviour) if behaviour else ""
        job = {"name": HINT.job_name, "queueName": queue.name}
        child = {**job, "data": hint(text), "opts": {"jobId": unique(), **options}}
        parent = {**job, "data": hint(), "opts": {"jobId": unique(), "attempts": 3}, "children": [child]}
        queue.control.add_flow(parent, queue.prefix)
        jobs = child["opts"]["jobId"], parent["opts"]["jobId"]
        queue.watch().wait(jobs[1], end)
        if behaviour:
            queue.dead_letters.consume().answer(jobs[0])
        if end == "failed":
            queue.dead_letters.consume().answer(jobs[1])
        return jobs

    same(play)


def test_a_queue_that_is_empty_says_so(hints: NodeQueue) -> None:
    events = hints.watch()
    before = len(events.find(lambda item: item["event"] == "drained"))
    Scenario().play(hints)

    events.wait_for(lambda item: item["event"] == "drained", count=before + 1)
