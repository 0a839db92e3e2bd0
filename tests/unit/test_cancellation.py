"""Ending a task for certain."""

from __future__ import annotations

import asyncio

from aiplane.context.cancellation import cancel


async def test_a_task_that_loses_its_first_cancellation_ends_all_the_same() -> None:
    lost = []

    async def loses_one() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost.append(1)
        await asyncio.Event().wait()

    task = asyncio.create_task(loses_one())
    await asyncio.sleep(0)
    await cancel(task)
    assert task.cancelled()
    assert lost == [1]


async def test_a_task_that_has_failed_is_left_alone() -> None:
    async def fails() -> None:
        raise LookupError

    task = asyncio.create_task(fails())
    await asyncio.wait({task})
    await cancel(task)
    assert isinstance(task.exception(), LookupError)
