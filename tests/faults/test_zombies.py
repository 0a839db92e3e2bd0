"""A bridge that was away and comes back: what another looks after by then is not its to settle."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from aiplane.bull import LOCK_MS
from tests.faults.ledger import assert_nothing_lost
from tests.faults.stage import eventually

if TYPE_CHECKING:
    from tests.faults.stage import Case, Stage
    from tests.support.proxy import RedisProxy


async def held_by(stage: Stage, cases: list[Case], holder: str) -> bool:
    return all([await stage.owner(case) == holder for case in cases])


@pytest.mark.parametrize(
    "frozen",
    [8, pytest.param(LOCK_MS / 1000 + 10, marks=[pytest.mark.slow, pytest.mark.timeout(240)])],
    ids=["adopted-meanwhile", "longer-than-its-locks"],
)
async def test_a_frozen_bridge_does_not_settle_what_another_has_adopted(stage: Stage, frozen: float) -> None:
    await stage.pool()
    zombie = await stage.bridge()
    zombie_id = await stage.holder(zombie)
    ends_meanwhile = await stage.submit(f"delay={frozen - 1}")
    ends_after = await stage.submit(f"delay={frozen + 6}")
    for job in (ends_meanwhile, ends_after):
        await stage.called(job)
    assert await held_by(stage, [ends_meanwhile, ends_after], zombie_id)
    zombie.stop()
    began = time.monotonic()
    second = await stage.holder(await stage.bridge())
    await eventually(lambda: held_by(stage, [ends_after], second), 10, "adoption")
    await stage.ended(ends_meanwhile, seconds=frozen + 20)
    await asyncio.sleep(began + frozen - time.monotonic())
    zombie.cont()
    assert time.monotonic() - began >= frozen
    assert await held_by(stage, [ends_after], second)
    await assert_nothing_lost(stage)
    assert not [line for line in zombie.lines if ": completed" in line], "the zombie settled"
    assert zombie.alive


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["requests", "replies"])
async def test_a_partition_in_one_direction_is_a_death_and_a_return(
    stage: Stage, proxy: RedisProxy, direction: str
) -> None:
    await stage.pool()
    cut_off = await stage.bridge(through=proxy.url)
    job = await stage.submit("delay=14")
    await stage.called(job)
    cut_off_id = await stage.holder(cut_off)
    second = await stage.holder(await stage.bridge())
    proxy.partition(**{direction: True})
    await stage.adopted(job, since=cut_off_id, seconds=15)
    proxy.heal()
    assert proxy.held > 0
    assert await held_by(stage, [job], second)
    await assert_nothing_lost(stage)
    assert (await stage.record(job))["atm"] == "1"
    assert cut_off.alive


@pytest.mark.slow
async def test_two_bridges_killed_in_turns_under_load(stage: Stage) -> None:
    await stage.pool(slots=10)
    bridges = [await stage.bridge(), await stage.bridge()]
    jobs = [await stage.submit("delay=1.5") for _ in range(40)]
    for number in range(6):
        bridges[number % 2].kill()
        assert not bridges[number % 2].alive
        bridges[number % 2] = await stage.bridge()
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}
