"""A provider that never answers costs a slot no longer than the job's limit, however often."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from aiplane import deadline
from aiplane.errors import JobTimeoutError
from aiplane.worker.task import bounded
from tests.faults.ledger import assert_nothing_lost
from tests.faults.stage import Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer


@pytest.fixture
async def stage(redis_server: RedisServer, provider: FakeProvider) -> AsyncIterator[Stage]:
    """A stage on which a hint has three seconds."""
    env = {"HINT_TIME_LIMIT_SECONDS": "3"}
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
