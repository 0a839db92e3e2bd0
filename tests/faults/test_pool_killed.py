"""A pool that dies costs its jobs one attempt, and only those whose run it had claimed."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.faults.ledger import assert_nothing_lost
from tests.faults.stage import eventually

if TYPE_CHECKING:
    from tests.faults.stage import Stage
    from tests.support.proxy import RedisProxy


async def test_killed_with_a_task_running_the_retry_is_scheduled_within_20_seconds(stage: Stage) -> None:
    await stage.bridge()
    pool = await stage.pool()
    job = await stage.submit("delay=30 times=1")
    await stage.called(job)
    killed = time.time()
    pool.kill()
    assert not pool.alive
    await stage.pool()
    retried = await stage.event(job, "delayed", seconds=25)
    assert retried.at / 1000 - killed <= 20
    await assert_nothing_lost(stage, lost={job: 1})
    assert len(stage.provider.calls(job.name)) == 2


@pytest.mark.slow
async def test_killed_on_the_last_attempt_the_job_fails_as_worker_lost(stage: Stage) -> None:
    await stage.bridge()
    pool = await stage.pool()
    job = await stage.submit("delay=30", attempts=1)
    await stage.called(job)
    pool.kill()
    failed = await stage.event(job, "failed")
    assert failed.fields["failedReason"].startswith("worker_lost: ")
    await assert_nothing_lost(stage, lost={job: 1})


@pytest.mark.parametrize(
    ("loss", "script", "attempts"),
    [
        ("lose_request", "claim", 1),  # received, and not claimed: sent again
        # claimed, and nobody runs it:
        pytest.param("lose_reply", "claim", 2, marks=pytest.mark.slow),
        # done, and nobody knows what came of it:
        pytest.param("lose_request", "finish", 2, marks=pytest.mark.slow),
        ("lose_reply", "finish", 1),  # recorded: it only has to be settled
    ],
    ids=["received", "claimed", "done", "recorded"],
)
async def test_killed_at_the_worst_moment(
    stage: Stage, proxy: RedisProxy, loss: str, script: str, attempts: int
) -> None:
    await stage.bridge()
    pool = await stage.pool(through=proxy.url)
    fault = getattr(proxy, loss)(script, then=pool.kill)
    job = await stage.submit()
    assert await asyncio.to_thread(fault.happened.wait, 20)
    assert not pool.alive
    await stage.pool()
    await assert_nothing_lost(stage, lost={job: attempts - 1})
    assert (await stage.record(job))["atm"] == str(attempts)
    assert len(stage.provider.calls(job.name)) == (2 if script == "finish" and attempts == 2 else 1)


async def test_sigterm_lets_the_running_task_end_and_takes_nothing_new(stage: Stage) -> None:
    await stage.bridge()
    pool = await stage.pool(slots=2)
    running = await stage.submit("delay=4")
    await stage.called(running)
    pool.terminate()
    await eventually(lambda: _takes_nothing(stage), 10, "end of the taking")
    later = await stage.submit()
    assert await asyncio.to_thread(pool.wait, 20) == 0
    # It ended without the later job, for which there has been no slot since.
    await stage.ended(running)
    assert stage.provider.calls(later.name) == []
    await stage.pool()
    await assert_nothing_lost(stage)
    assert (await stage.record(later))["atm"] == "1"


@pytest.mark.parametrize(
    "second",
    [signal.SIGTERM, pytest.param(signal.SIGQUIT, marks=pytest.mark.slow)],
    ids=["sigterm", "sigquit"],
)
async def test_a_second_signal_ends_a_pool_at_once_and_costs_what_a_crash_does(
    stage: Stage, second: signal.Signals
) -> None:
    await stage.bridge()
    pool = await stage.pool()
    job = await stage.submit("delay=20 times=1")
    await stage.called(job)
    pool.terminate()
    await asyncio.to_thread(pool.wait_for_log, r"Warm shutdown")
    pool.signal(second)
    await asyncio.to_thread(pool.wait, 5)
    await stage.pool()
    await assert_nothing_lost(stage, lost={job: 1})
    assert len(stage.provider.calls(job.name)) == 2


@pytest.mark.slow
async def test_pools_come_and_go_from_one_to_three_to_one(stage: Stage) -> None:
    await stage.bridge()
    first = await stage.pool(slots=1)
    jobs = [await stage.submit("delay=1") for _ in range(24)]
    second, _ = [await stage.pool(slots=1) for _ in range(2)]
    key = stage.bull.queue(jobs[0].queue).key("active")

    async def three_run() -> bool:
        return await stage.client.llen(key) == 3

    await eventually(three_run, 10, "three jobs at once")
    for pool in (first, second):
        pool.terminate()
    for pool in (first, second):
        assert await asyncio.to_thread(pool.wait, 20) == 0
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}


async def test_without_slots_jobs_wait_and_the_bridge_does_not_spin(stage: Stage) -> None:
    bridge = await stage.bridge()
    jobs = [await stage.submit() for _ in range(3)]
    before, began = _cpu_seconds(bridge.pid), time.monotonic()
    # The queue of another kind is served meanwhile, so the bridge is there and looks at its slots.
    await stage.pool("review")
    for _ in range(5):
        await stage.ended(await stage.submit("delay=0.5", kind="review"))
    used = (_cpu_seconds(bridge.pid) - before) / (time.monotonic() - began)
    assert used < 0.2, f"{used:.0%} of a core"
    assert [await stage.bull.queue(job.queue).state(job.job) for job in jobs] == ["waiting"] * 3
    began = time.monotonic()
    await stage.pool()
    await stage.ended(*jobs, seconds=3)
    await assert_nothing_lost(stage)


async def _takes_nothing(stage: Stage) -> bool:
    """Whether no pool asks Redis for messages."""
    return not [each for each in await stage.client.client_list() if each["cmd"] == "brpop"]


def _cpu_seconds(pid: int) -> float:
    import psutil  # noqa: PLC0415 -- only this test needs it

    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
