"""A paused queue starts nothing, loses nothing, and goes on when it is resumed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.interop.payloads import HINT, behaving, hint
from tests.support.control_plane import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.control_plane import NodeQueue
    from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def other(control: ControlPlane, redis_server: RedisServer) -> Iterator[ControlPlane]:
    """A control plane on the other major of BullMQ: both may be in the field at once during an upgrade."""
    with ControlPlane("6" if control.version == "5" else "5", redis_server.url) as node:
        yield node


def add(queue: NodeQueue, count: int) -> list[str]:
    return [queue.add(HINT.job_name, hint()) for _ in range(count)]


def test_a_paused_queue_starts_nothing_until_it_is_resumed(hints: NodeQueue) -> None:
    running = hints.add(HINT.job_name, hint(behaving("delay=0.3")))
    hints.watch().wait(running, "active")
    hints.call("pause")
    jobs = add(hints, 3)
    hints.watch().wait(running, "completed")
    before = [hints.call("getJobState", job) for job in jobs]
    hints.call("resume")
    order = hints.watch().order("completed", jobs)

    assert before in (["waiting"] * 3, ["paused"] * 3)
    assert sorted(order) == sorted(jobs)
    hints.results.consume().answer(running)


def test_a_resumed_queue_goes_on_at_once(hints: NodeQueue) -> None:
    started_late = []
    # Whoever serves the queue may notice the pause at any moment of it, or not at all.
    for length in (0.0, 0.02, 0.3, 2.2):
        paused = time.monotonic()
        hints.call("pause")
        [job] = add(hints, 1)
        time.sleep(max(0.0, length - (time.monotonic() - paused)))
        resumed = time.time() * 1000
        hints.call("resume")
        hints.watch().wait(job, "completed")
        started_late.append(hints.job(job)["processedOn"] - resumed)

    assert max(started_late) < 2500


def test_jobs_added_before_and_during_a_pause_all_run(hints: NodeQueue) -> None:
    blockers = [hints.add(HINT.job_name, hint(behaving("delay=0.3"))) for _ in range(HINT.concurrency)]
    for job in blockers:
        hints.watch().wait(job, "active")
    jobs = add(hints, 2)
    hints.call("pause")
    jobs += add(hints, 2)
    hints.call("resume")

    for job in blockers + jobs:
        hints.results.consume().answer(job)


@pytest.mark.parametrize(("delay", "then"), [(0, "waiting"), (1, "delayed")])
def test_a_retry_that_falls_into_a_pause_is_not_lost(hints: NodeQueue, delay: int, then: str) -> None:
    options = {"attempts": 2, "backoff": {"type": "fixed", "delay": delay}}
    retried = hints.add(HINT.job_name, hint(behaving("times=1 status=503 delay=0.3")), options)
    hints.watch().wait(retried, "active")
    hints.call("pause")
    others = add(hints, 1)
    hints.watch().wait(retried, then, count=2 if then == "waiting" else 1)
    others += add(hints, 1)
    hints.call("resume")

    for job in (retried, *others):
        hints.results.consume().answer(job, timeout=12)


def test_a_delay_that_ends_in_a_pause_is_not_lost(hints: NodeQueue) -> None:
    hints.call("pause")
    jobs = add(hints, 1)
    delayed = hints.add(HINT.job_name, hint(), {"delay": 100})
    marker = hints.add(HINT.job_name, hint(), {"delay": 600})
    jobs += add(hints, 1)
    hints.call_job(marker, "promote")
    hints.call("resume")

    for job in (*jobs, delayed, marker):
        hints.results.consume().answer(job)


@pytest.mark.usefixtures("beyond_bullmq")
@pytest.mark.parametrize("pauser", ["mine", "other"])
@pytest.mark.parametrize("adder", ["mine", "other"])
def test_both_majors_may_pause_add_and_resume(
    hints: NodeQueue, other: ControlPlane, redis_server: RedisServer, pauser: str, adder: str
) -> None:
    queues = {"mine": hints, "other": other.queue(HINT.queue)}
    queues[pauser].call("pause")
    jobs = add(queues["mine"], 1) + add(queues[adder], 2)
    until_in_one_list(redis_server, hints)
    queues["mine"].call("resume")

    for job in jobs:
        hints.results.consume().answer(job)
    assert not hints.call("isPaused")


def until_in_one_list(server: RedisServer, queue: NodeQueue) -> None:
    """Wait until the paused jobs are where no resume destroys them, which the plane sees to in seconds.

    BullMQ 5 keeps them in a list of its own, and renames it over what BullMQ 6 has put into the other.
    """
    deadline = time.monotonic() + 5
    while server.client.exists(f"{queue.key}:wait", f"{queue.key}:paused") == 2:
        assert time.monotonic() < deadline, "the paused jobs stayed in two lists"
        time.sleep(0.05)


def test_results_survive_a_pause_of_their_queue(hints: NodeQueue) -> None:
    results = hints.results
    results.call("pause")
    try:
        jobs = add(hints, 3)
        for job in jobs:
            hints.watch().wait(job, "completed")
    finally:
        results.call("resume")

    for job in jobs:
        results.consume().answer(job)
