"""Global concurrency and rate limits, set in Node, bind the plane."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.interop.payloads import HINT, behaving, hint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.control_plane import NodeQueue, Record


def run(hints: NodeQueue, count: int, text: str = "") -> list[Record]:
    """Add jobs in one transaction and return their records, in the order in which they were taken."""
    data = hint(text) if text else hint()
    jobs = hints.add_bulk([{"name": HINT.job_name, "data": data} for _ in range(count)])
    for job in jobs:
        hints.watch().wait(job, "completed")
    return sorted((hints.job(job) for job in jobs), key=lambda record: record["processedOn"])


def starts(records: list[Record]) -> list[int]:
    """Return when each run began, in epoch milliseconds."""
    return [record["processedOn"] for record in records]


@pytest.fixture
def one_at_a_time(hints: NodeQueue) -> Iterator[None]:
    """The queue runs one job at a time, over all its workers."""
    hints.call("setGlobalConcurrency", 1)
    yield
    hints.call("removeGlobalConcurrency")


@pytest.fixture
def three_per_half_second(hints: NodeQueue) -> Iterator[None]:
    """The queue starts three jobs in 500 ms, over all its workers."""
    hints.call("setGlobalRateLimit", 3, 500)
    yield
    hints.call("removeGlobalRateLimit")


@pytest.mark.usefixtures("one_at_a_time")
def test_global_concurrency_is_kept(hints: NodeQueue) -> None:
    records = run(hints, 4, behaving("delay=0.1"))

    assert all(earlier["finishedOn"] <= later["processedOn"] for earlier, later in pairwise(records))


@pytest.mark.usefixtures("three_per_half_second")
def test_a_global_rate_limit_is_kept(hints: NodeQueue) -> None:
    started = starts(run(hints, 9))

    # A window begins with its first job, and Redis forgets it a little early or late.
    while started:
        window = [each for each in started if each - started[0] < 490]
        assert len(window) <= 3
        started = started[len(window) :]


@pytest.mark.usefixtures("beyond_bullmq", "one_at_a_time")
def test_a_limit_on_concurrency_wastes_no_time(hints: NodeQueue) -> None:
    started = starts(run(hints, 5, behaving("delay=0.1")))

    assert started[-1] - started[0] < 2500


@pytest.mark.usefixtures("beyond_bullmq", "three_per_half_second")
def test_a_limit_on_the_rate_wastes_no_time(hints: NodeQueue) -> None:
    started = starts(run(hints, 9))

    assert 900 < started[-1] - started[0] < 2500


@pytest.mark.usefixtures("three_per_half_second")
def test_a_queue_that_is_told_to_wait_waits_that_long(hints: NodeQueue) -> None:
    hints.call("rateLimit", 800)
    [record] = run(hints, 1)

    assert 600 <= record["processedOn"] - record["timestamp"] < 6000


def test_a_queue_is_free_again_when_its_limits_are_removed(hints: NodeQueue) -> None:
    hints.call("setGlobalConcurrency", 1)
    hints.call("setGlobalRateLimit", 1, 60_000)
    hints.call("removeGlobalConcurrency")
    hints.call("removeGlobalRateLimit")

    started = starts(run(hints, HINT.concurrency, behaving("delay=0.3")))
    assert started[-1] - started[0] < 300
