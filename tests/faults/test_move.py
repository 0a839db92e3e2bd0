"""Moving from a Node worker: it serves alone, then beside the plane, then the plane serves alone."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from tests.faults.ledger import assert_nothing_lost
from tests.support.node import INTEROP, ensure_node_modules
from tests.support.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.stage import Stage
    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer


@pytest.fixture(params=["5", pytest.param("6", marks=pytest.mark.slow)])
def node_worker(
    request: pytest.FixtureRequest, redis_server: RedisServer, provider: FakeProvider
) -> Iterator[Process]:
    """BullMQ's own worker on the four queues, which closes at SIGTERM as an orderly one does."""
    where = ["127.0.0.1", str(redis_server.port), "bull", provider.base_url]
    command = [ensure_node_modules(), "reference_worker.mjs", request.param, *where]
    process = Process("node", command, env=os.environ, cwd=INTEROP)
    process.wait_for_log("reference is ready")
    yield process
    process.kill()


async def test_a_move_from_a_node_worker_loses_and_doubles_nothing(
    stage: Stage, node_worker: Process
) -> None:
    alone = [await stage.submit("delay=4") for _ in range(5)]
    for job in alone:
        await stage.called(job)
    bridge, _ = await asyncio.gather(stage.bridge(), stage.pool())
    await asyncio.to_thread(bridge.wait_for_log, "is also served by a worker that is no bridge")
    beside = [await stage.submit("delay=1") for _ in range(12)]
    for job in beside[:5]:
        await stage.called(job)
    node_worker.terminate()
    assert await asyncio.to_thread(node_worker.wait, 20) == 0
    after = await stage.submit()
    await asyncio.to_thread(bridge.wait_for_log, f"job {after.job} of {after.queue}: completed")
    await assert_nothing_lost(stage)
