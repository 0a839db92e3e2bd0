"""Redis killed, frozen, refusing or forgetful: the plane waits, goes on in 5 s, and runs nothing twice."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import OutOfMemoryError

from bridges.verdict import OVERDUE_MS
from tests.faults.ledger import assert_nothing_lost

if TYPE_CHECKING:
    from tests.faults.stage import Stage

RECOVERY = 5.0
"""Seconds after Redis' return within which jobs are taken again."""

slow = pytest.mark.slow


async def uptime_below(stage: Stage, seconds: float) -> bool:
    return int((await stage.client.info("server"))["uptime_in_seconds"]) <= seconds


async def settled_soon(stage: Stage) -> float:
    """Return how many seconds a new job needs from its adding to its end."""
    began = time.monotonic()
    await stage.ended(await stage.submit())
    return time.monotonic() - began


@pytest.mark.parametrize(
    "outage",
    [
        1,
        10,
        pytest.param(25, marks=slow),
        pytest.param(40, marks=slow),
        pytest.param(120, marks=[slow, pytest.mark.timeout(300)]),
    ],
)
async def test_killed_while_tasks_end(stage: Stage, outage: float) -> None:
    bridge, pool = await stage.bridge(), await stage.pool(slots=6)
    pids = bridge.pid, pool.pid
    # One ends in the outage's middle, one after it (as far as a model may take so long), and one is not even
    # taken before it.
    jobs = [await stage.submit(f"delay={seconds}") for seconds in (outage / 2 + 1, min(outage + 3, 115))]
    for job in jobs:
        await stage.called(job)
    stage.redis.kill()
    assert not stage.redis.process.alive
    await asyncio.sleep(outage)  # the outage's length is what is tested
    stage.redis.start()
    assert await uptime_below(stage, 2)
    assert await settled_soon(stage) <= RECOVERY
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}
    assert pids == (bridge.pid, pool.pid)
    assert bridge.alive
    assert pool.alive


@slow
async def test_away_for_longer_than_a_job_may_take(stage: Stage) -> None:
    stage.plane.env["HINT_TIME_LIMIT_SECONDS"] = "10"
    await stage.bridge()
    pool = await stage.pool()
    job = await stage.submit("delay=2")
    await stage.called(job)
    stage.redis.end()
    await asyncio.sleep(10 + OVERDUE_MS / 1000 + 2)  # the outage's length is what is tested
    # The worker, which has the outcome, is slower to notice than the bridge, which has none.
    pool.stop()
    stage.redis.start()
    assert await uptime_below(stage, 2)
    await asyncio.sleep(4)  # how much slower is what is tested
    pool.cont()
    await assert_nothing_lost(stage)
    assert (await stage.record(job))["atm"] == "1"


@pytest.mark.parametrize(
    "outage",
    [6, pytest.param(20, marks=slow), pytest.param(90, marks=[slow, pytest.mark.timeout(300)])],
)
async def test_frozen_with_its_connections_open(stage: Stage, outage: float) -> None:
    bridge, pool = await stage.bridge(), await stage.pool(slots=6)
    jobs = [await stage.submit(f"delay={seconds}") for seconds in (outage / 2 + 1, outage + 3)]
    for job in jobs:
        await stage.called(job)
    stage.redis.stop()
    began = time.monotonic()
    await asyncio.sleep(outage)  # the outage's length is what is tested
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stage.client.ping(), 1)
    stage.redis.cont()
    assert time.monotonic() - began >= outage
    assert await settled_soon(stage) <= RECOVERY
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}
    assert bridge.alive
    assert pool.alive


async def test_all_connections_killed_every_second(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool(slots=6)
    running = [await stage.submit("delay=6") for _ in range(2)]
    for job in running:
        await stage.called(job)
    jobs, killed = [], 0
    for _ in range(8):
        for kind in ("normal", "pubsub"):
            killed += await stage.client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
        jobs.append(await stage.submit("delay=0.2"))
        await asyncio.sleep(1)  # the pace of the kills
    assert killed >= 8 * 5
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in (*running, *jobs)} == {"1"}


async def errors_of(stage: Stage, name: str) -> int:
    return int((await stage.client.info("errorstats")).get(f"errorstat_{name}", {}).get("count", 0))


async def test_read_only_for_five_seconds(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool()
    jobs = [await stage.submit(f"delay={seconds}") for seconds in (2, 7)]
    for job in jobs:
        await stage.called(job)
    await stage.client.execute_command("REPLICAOF", "127.0.0.1", "1")
    await asyncio.sleep(5)  # the outage's length is what is tested
    await stage.client.execute_command("REPLICAOF", "NO", "ONE")
    assert await errors_of(stage, "READONLY") > 0
    assert await settled_soon(stage) <= RECOVERY
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}


async def test_out_of_memory_for_five_seconds(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool()
    jobs = [await stage.submit(f"delay={seconds}") for seconds in (2, 7)]
    for job in jobs:
        await stage.called(job)
    await stage.client.config_set("maxmemory", 1)
    with pytest.raises(OutOfMemoryError):
        await stage.client.set("any", "write")
    await asyncio.sleep(5)  # the outage's length is what is tested
    await stage.client.config_set("maxmemory", 0)
    assert await settled_soon(stage) <= RECOVERY
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}


async def test_scripts_flushed_again_and_again(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool()
    jobs = []
    for _ in range(10):
        jobs.append(await stage.submit("delay=0.3"))
        await stage.client.script_flush()
        await stage.ended(jobs[-1], seconds=10)
    assert await errors_of(stage, "NOSCRIPT") > 0
    await stage.client.config_resetstat()
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}
