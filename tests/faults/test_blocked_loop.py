"""A bridge whose loop stands still: its jobs stay its own for a minute, and then another's."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from bridges.heartbeat import LOOP_TIMEOUT_SECONDS
from tests.faults.ledger import assert_nothing_lost
from tests.support.processes import Process, await_ready

if TYPE_CHECKING:
    from tests.faults.stage import Stage

slow = pytest.mark.slow


async def blockable_bridge(stage: Stage, seconds: float) -> Process:
    command = [sys.executable, "-m", "tests.support.blockable_bridge", "--grace", "0"]
    bridge = Process("bridge", command, env=stage.plane.env | {"BLOCK_SECONDS": str(seconds)})
    stage.plane.processes.append(bridge)
    await asyncio.to_thread(await_ready, bridge)
    return bridge


def block(bridge: Process) -> None:
    bridge.signal(signal.SIGUSR1)
    bridge.wait_for_log("the loop is blocked", timeout=5)


@pytest.mark.parametrize("seconds", [8, pytest.param(45, marks=[slow, pytest.mark.timeout(180)])])
async def test_its_jobs_are_kept_while_it_may_go_on(stage: Stage, seconds: float) -> None:
    await stage.pool()
    bridge = await blockable_bridge(stage, seconds)
    holder = await stage.holder(bridge)
    jobs = [await stage.submit(f"delay={delay}") for delay in (seconds / 2, seconds + 2)]
    for job in jobs:
        await stage.called(job)
    block(bridge)
    await stage.bridge()
    assert [await stage.owner(job) for job in jobs] == [holder, holder]
    await asyncio.to_thread(bridge.wait_for_log, "the loop goes on", seconds + 10)
    assert [await stage.owner(job) for job in jobs][1] == holder
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}
    assert bridge.alive


@slow
@pytest.mark.timeout(240)
async def test_it_ends_itself_when_it_does_not_go_on(stage: Stage) -> None:
    await stage.pool()
    bridge = await blockable_bridge(stage, LOOP_TIMEOUT_SECONDS + 30)
    holder = await stage.holder(bridge)
    job = await stage.submit(f"delay={LOOP_TIMEOUT_SECONDS + 15}")
    await stage.called(job)
    block(bridge)
    await stage.bridge()
    assert await asyncio.to_thread(bridge.wait, LOOP_TIMEOUT_SECONDS + 10) == 70
    await stage.adopted(job, since=holder, seconds=10)
    await assert_nothing_lost(stage)
    assert (await stage.record(job))["atm"] == "1"
