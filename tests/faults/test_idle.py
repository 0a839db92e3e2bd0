"""After a silence the first job is picked up at once: nothing has gone deaf."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.faults.ledger import assert_nothing_lost

if TYPE_CHECKING:
    from tests.faults.stage import Stage

PICKED_UP_MS = 100


@pytest.mark.parametrize(
    "idle", [20, pytest.param(300, marks=[pytest.mark.slow, pytest.mark.timeout(400)])], ids=["20s", "5min"]
)
async def test_a_job_after_a_silence_is_picked_up_within_100_ms(stage: Stage, idle: float) -> None:
    await stage.bridge()
    await stage.pool()
    await stage.ended(await stage.submit())
    await asyncio.sleep(idle)  # the silence is what is tested
    job = await stage.submit()
    waiting = await stage.event(job, "added")
    active = await stage.event(job, "active")
    assert active.at - waiting.at < PICKED_UP_MS
    await stage.called(job)
    assert stage.provider.calls(job.name)[0].wall * 1000 - waiting.at < 1000
    await assert_nothing_lost(stage)
