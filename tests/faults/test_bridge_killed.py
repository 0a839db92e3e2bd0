"""A bridge killed with SIGKILL costs its jobs nothing: no attempt, no second call, ten seconds at most."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from tests.faults.ledger import assert_nothing_lost
from tests.faults.stage import OPENED_ALONE, eventually

if TYPE_CHECKING:
    from tests.faults.stage import Stage
    from tests.support.processes import Process
    from tests.support.proxy import RedisProxy


def kill(process: Process) -> None:
    process.kill()
    assert not process.alive


async def test_killed_while_idle_the_next_bridge_serves(stage: Stage) -> None:
    await stage.pool()
    kill(await stage.bridge())
    await stage.submit()
    await stage.bridge()
    await assert_nothing_lost(stage)


async def test_killed_with_jobs_running_a_second_bridge_watches_them_within_ten_seconds(stage: Stage) -> None:
    await stage.pool()
    first = await stage.bridge()
    jobs = [await stage.submit("delay=9") for _ in range(5)]
    for job in jobs:
        await stage.called(job)
    await stage.bridge()
    first_id = await stage.holder(first)
    killed = time.monotonic()
    kill(first)
    for job in jobs:
        await stage.adopted(job, since=first_id)
    assert time.monotonic() - killed <= 10
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}


@pytest.mark.parametrize(
    ("loss", "moment"),
    [
        ("lose_reply", "take"),
        pytest.param("lose_request", "open", marks=pytest.mark.slow),
        pytest.param("lose_reply", "open", marks=pytest.mark.slow),
        ("lose_request", "settle"),
        ("lose_reply", "settle"),
    ],
    ids=["taken", "before-opening", "opened", "before-settling", "settled"],
)
async def test_killed_at_the_worst_moment(stage: Stage, proxy: RedisProxy, loss: str, moment: str) -> None:
    await stage.pool()
    bridge = await stage.bridge(through=proxy.url)
    containing = b"generate-hint" if moment == "take" else b""
    fault = getattr(proxy, loss)(moment, containing=containing, then=bridge.kill)
    job = await stage.submit("delay=0.2", **(OPENED_ALONE if moment == "open" else {}))
    assert await asyncio.to_thread(fault.happened.wait, 20)
    assert not bridge.alive
    await stage.bridge()
    await assert_nothing_lost(stage)
    assert (await stage.record(job))["atm"] == "1"
    assert len(stage.provider.calls(job.name)) == 1


async def test_killed_when_the_next_job_was_taken_with_a_settlement(stage: Stage, proxy: RedisProxy) -> None:
    await stage.pool(slots=1)
    bridge = await stage.bridge(through=proxy.url)
    fault = proxy.lose_reply("settle", containing=b"processedOn", then=bridge.kill)
    jobs = [await stage.submit("delay=0.1") for _ in range(3)]
    assert await asyncio.to_thread(fault.happened.wait, 20)
    assert not bridge.alive
    await stage.bridge()
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}
    assert [len(stage.provider.calls(job.name)) for job in jobs] == [1, 1, 1]


async def test_killed_between_sending_and_claiming(stage: Stage) -> None:
    pool = await stage.pool()
    bridge = await stage.bridge()
    await eventually(lambda: stage.client.exists("aiplane:bull:holders"), 5, "leases")
    pool.stop()
    job = await stage.submit()
    await eventually(lambda: stage.client.keys("aiplane:bull:run:*"), 10, "run")
    kill(bridge)
    assert stage.provider.calls(job.name) == []
    await stage.bridge()
    pool.cont()
    await assert_nothing_lost(stage)
    assert (await stage.record(job))["atm"] == "1"


@pytest.mark.parametrize(
    ("kills", "seconds"), [(5, 0), pytest.param(10, 60, marks=[pytest.mark.slow, pytest.mark.timeout(300)])]
)
async def test_killed_many_times_during_one_job_the_model_is_called_once(
    stage: Stage, kills: int, seconds: int
) -> None:
    await stage.pool()
    bridge = await stage.bridge()
    job = await stage.submit("hold")
    await stage.called(job)
    began = time.monotonic()
    for number in range(kills):
        await asyncio.sleep(max(0, began + (number + 1) * seconds / (kills + 1) - time.monotonic()))
        kill(bridge)
        bridge = await stage.bridge()
    assert time.monotonic() - began >= seconds * kills / (kills + 1)
    await asyncio.sleep(max(0, began + seconds - time.monotonic()))  # the job's length is what is tested
    stage.provider.release(job.name)
    await assert_nothing_lost(stage)
    record = await stage.record(job)
    assert (record["atm"], record["ats"]) == ("1", "1")
    assert len(stage.provider.calls(job.name)) == 1
