"""A pool that can open no file for a while: whatever fails in it then, its slots are all there afterwards.

Celery itself ends a pool that cannot open its own connection; whoever supervises it starts another one.
"""

from __future__ import annotations

import asyncio
import resource
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.stage import Stage
    from tests.support.processes import Process

SLOTS = 3


@pytest.mark.timeout(240)
async def test_a_fresh_pool_without_files_loses_no_slot(stage: Stage) -> None:
    await stage.bridge()
    pool = await stage.pool(slots=SLOTS)
    soft, hard = resource.prlimit(pool.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pool.pid, resource.RLIMIT_NOFILE, (open_files(pool.pid), hard))
    starved = [await stage.submit(attempts=9) for _ in range(SLOTS)]
    await asyncio.sleep(4)  # as long as nothing can be opened; what fails then is up to the libraries
    with suppress(ProcessLookupError):
        resource.prlimit(pool.pid, resource.RLIMIT_NOFILE, (soft, hard))

    async with supervised(stage, pool):
        await stage.ended(*starved, seconds=150)
        together = [await stage.submit("hold") for _ in range(SLOTS)]
        for case in together:
            await stage.called(case, seconds=60)
        for case in together:
            stage.provider.release(case.name)
        await stage.ended()
    assert any("Too many open files" in line for line in pool.lines), pool.tail()


@asynccontextmanager
async def supervised(stage: Stage, pool: Process) -> AsyncIterator[None]:
    """Start a pool again whenever it has ended, inside the block."""

    async def supervise(pool: Process) -> None:
        while True:
            await asyncio.sleep(0.5)
            if not pool.alive:
                pool = await stage.pool(slots=SLOTS)

    supervising = asyncio.create_task(supervise(pool))
    try:
        yield
    finally:
        supervising.cancel()


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
