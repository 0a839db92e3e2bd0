"""Replacing a bridge: what runs runs on, and its successor settles it."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest

from tests.faults.ledger import assert_nothing_lost

if TYPE_CHECKING:
    from tests.faults.stage import Stage


@pytest.mark.parametrize(
    "seconds", [10, pytest.param(90, marks=[pytest.mark.slow, pytest.mark.timeout(240)])]
)
async def test_a_rolling_deploy_during_a_long_task_runs_it_once(stage: Stage, seconds: float) -> None:
    stage.plane.env["LLM_TIMEOUT_SECONDS"] = "100"
    await stage.pool()
    old = await stage.bridge(arguments="--grace 1")
    job = await stage.submit(f"delay={seconds}")
    await stage.called(job)
    old_id = await stage.holder(old)
    old.terminate()
    assert await asyncio.to_thread(old.wait, 15) == 0
    assert stage.provider.calls(job.name)[0].outcome == "pending"
    await stage.bridge()
    await stage.adopted(job, since=old_id)
    await stage.ended(seconds=seconds + 30)
    await assert_nothing_lost(stage)
    record = await stage.record(job)
    assert (record["atm"], record["ats"]) == ("1", "1")


async def test_within_its_grace_a_bridge_settles_what_ends(stage: Stage) -> None:
    await stage.pool()
    bridge = await stage.bridge(arguments="--grace 20")
    job = await stage.submit("delay=3")
    await stage.called(job)
    bridge.terminate()
    assert await asyncio.to_thread(bridge.wait, 20) == 0
    await stage.ended(job, seconds=1)
    await assert_nothing_lost(stage)


@pytest.mark.slow
async def test_a_second_signal_ends_a_bridge_at_once_and_costs_nothing(stage: Stage) -> None:
    await stage.pool()
    bridge = await stage.bridge(arguments="--grace 60")
    job = await stage.submit("delay=8")
    await stage.called(job)
    bridge.terminate()
    await asyncio.to_thread(bridge.wait_for_log, "stops taking jobs")
    bridge.terminate()
    assert await asyncio.to_thread(bridge.wait, 3) == 128 + signal.SIGTERM
    await stage.bridge()
    await assert_nothing_lost(stage)
    assert (await stage.record(job))["atm"] == "1"
