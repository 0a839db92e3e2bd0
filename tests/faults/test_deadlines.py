"""A provider that never answers costs a slot no longer than the job's limit, however often."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import TYPE_CHECKING

import pytest

import tests.support.stubborn
from aiplane.context import deadline
from aiplane.errors import JobTimeoutError
from aiplane.worker.task import bounded
from tests.faults.ledger import assert_nothing_lost
from tests.faults.stage import Stage
from tests.support.processes import REPOSITORY, await_ready
from tests.support.stubborn import GO_ON, STUBBORN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.processes import Process
    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer


@pytest.fixture
async def stage(
    request: pytest.FixtureRequest, redis_server: RedisServer, provider: FakeProvider
) -> AsyncIterator[Stage]:
    """A stage on which a hint has three seconds, or as many as a test says."""
    env = {"HINT_TIME_LIMIT_SECONDS": getattr(request, "param", "3")}
    async with Stage(redis_server, provider, env=env) as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_hundreds_of_timeouts_over_the_wire_leak_no_slot(stage: Stage) -> None:
    slots, jobs = 20, 200
    await stage.bridge()
    pool = await stage.pool(slots=slots)
    hanging = [await stage.submit("hang", attempts=1) for _ in range(jobs)]
    began = time.monotonic()
    await stage.ended(*hanging, seconds=100)
    for job in hanging:
        assert (await stage.event(job, "failed")).fields["failedReason"].startswith("job_timeout: ")
    # Slots that leaked would make every further batch of jobs wait for those that are left.
    assert time.monotonic() - began < 100
    together = [await stage.submit("delay=0.3") for _ in range(slots)]
    for job in together:
        await stage.called(job)
    await assert_nothing_lost(stage)
    calls = [stage.provider.calls(job.name)[0] for job in together]
    assert max(call.started for call in calls) - min(call.started for call in calls) < 10
    assert _threads(pool.pid) < 3 * slots
    assert stage.provider.open_connections <= 2 * slots


@pytest.fixture
async def stubborn(stage: Stage) -> Process:
    """A pool of one slot whose task can be told not to look at its deadline."""
    arguments = f"-n stubborn@%h -c 1 -I {tests.support.stubborn.__name__}"
    pool = stage.plane.start("hint", arguments=arguments, env={"PYTHONPATH": str(REPOSITORY)})
    await asyncio.to_thread(await_ready, pool)
    return pool


@pytest.mark.parametrize("stage", ["1"], indirect=True)
async def test_a_body_that_ignores_its_deadline_holds_no_slot(stage: Stage, stubborn: Process) -> None:
    await stage.bridge()
    overdue = await stage.submit(STUBBORN, attempts=1)
    reason = (await stage.event(overdue, "failed")).fields["failedReason"]
    assert reason == "job_timeout: The job ran past its limit of 1 seconds."
    assert await slots(stage) == 1
    next_one = await stage.submit()
    await stage.event(next_one, "completed")

    # What comes of it after all is nobody's, and the pool has no slot more than before.
    await stage.client.rpush(GO_ON, "1")
    await asyncio.to_thread(stubborn.wait_for_log, "work that was left behind has ended")
    assert (await stage.record(overdue))["failedReason"] == reason
    first, second = [await stage.submit(STUBBORN, attempts=1) for _ in range(2)]
    for job in (first, second):
        assert (await stage.event(job, "failed")).fields["failedReason"] == reason
    started = [(await stage.record(job))["processedOn"] for job in (first, second)]
    assert int(started[1]) - int(started[0]) >= 1_000


@pytest.mark.parametrize("stage", ["1"], indirect=True)
async def test_a_pool_that_stops_waits_for_nothing_that_was_left_behind(
    stage: Stage, stubborn: Process
) -> None:
    await stage.bridge()
    await stage.event(await stage.submit(STUBBORN, attempts=1), "failed")
    stubborn.terminate()
    assert stubborn.wait(30) == 0


async def slots(stage: Stage) -> int:
    """Return how many slots the pools offer."""
    holders = await stage.client.hvals("aiplane:bull:holders")
    return sum(json.loads(text).get("slots", 0) for text in holders)


async def test_a_timeout_is_retried_and_the_retry_can_succeed(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool()
    job = await stage.submit("hang times=1")
    await assert_nothing_lost(stage, refused={job: 1})
    assert (await stage.record(job))["atm"] == "2"


def test_ten_thousand_timeouts_leak_no_thread() -> None:
    """The frame around a task, without the wire: work that obeys its deadline leaves nothing behind.

    What is kept for the next work is a thread for each caller, however often they called.
    """
    before, limit, at_once = threading.active_count(), 0.005, 20

    def work() -> None:
        threading.Event().wait(limit)
        raise TimeoutLikeError

    def one_after_the_other(count: int) -> None:
        for _ in range(count):
            with deadline.within(limit), pytest.raises(JobTimeoutError):
                bounded(work, limit)

    callers = [threading.Thread(target=one_after_the_other, args=(500,)) for _ in range(at_once)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert threading.active_count() <= before + at_once + 1


class TimeoutLikeError(JobTimeoutError):
    """What a client raises that has looked at the deadline."""

    def __init__(self) -> None:
        super().__init__("The job ran past its limit.")


def test_a_body_that_ignores_its_deadline_does_not_hold_its_slot() -> None:
    go_on = threading.Event()
    began = time.monotonic()
    with deadline.within(0.1), pytest.raises(JobTimeoutError):
        bounded(go_on.wait, 0.1)
    assert time.monotonic() - began < 5
    go_on.set()


def _threads(pid: int) -> int:
    import psutil  # noqa: PLC0415 -- only this test needs it

    return int(psutil.Process(pid).num_threads())
