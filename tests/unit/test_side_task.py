"""Side tasks: one that is woken at the moment at which it is to end ends all the same."""

from __future__ import annotations

import asyncio

import pytest

from control_plane.side_task import SideTask


@pytest.mark.parametrize("steps", range(6))
async def test_one_that_is_woken_as_it_ends_ends(steps: int) -> None:
    went = asyncio.Event()

    async def go() -> None:
        went.set()

    task = SideTask("a test", go, 60)
    await task.__aenter__()
    await went.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    task.wake()
    for _ in range(steps):
        await asyncio.sleep(0)
    ending = asyncio.create_task(task.__aexit__())
    await asyncio.wait({ending}, timeout=5)
    assert ending.done()
