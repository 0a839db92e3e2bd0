"""The results consumer: as many results at once as there are, within its limit, and each once."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from aiplane.results import Delivery, Failure, ResultsConsumer
from aiplane.settings import Settings
from tests.support.stand_in import StandIn

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer

AT_ONCE = 8
"""Loops and helpers of one kind."""


async def test_results_that_take_long_are_handled_at_once_and_each_once(redis_server: RedisServer) -> None:
    redis_server.client.flushall()
    settings = Settings.load({"APP_ENV": "test", "REDIS_URL": redis_server.url, "LLM_PROVIDER": "offline"})
    handled: Counter[str] = Counter()
    under_way, changed, may_end = set[str](), asyncio.Condition(), asyncio.Event()

    async def on_result(delivery: Delivery) -> None:
        handled[delivery.job_id] += 1
        async with changed:
            under_way.add(delivery.job_id)
            changed.notify_all()
        await may_end.wait()
        async with changed:
            under_way.remove(delivery.job_id)
            changed.notify_all()

    async def on_failure(failure: Failure) -> None:
        raise AssertionError(failure)

    jobs = [f"hint-{number}" for number in range(3 * AT_ONCE)]
    async with StandIn(redis_server.url) as worker, ResultsConsumer(settings, on_result, on_failure):
        for job in jobs:
            await worker.deliver(job)
        async with asyncio.timeout(30):
            async with changed:
                await changed.wait_for(lambda: len(under_way) == AT_ONCE)
            may_end.set()
            async with changed:
                await changed.wait_for(lambda: len(handled) == len(jobs) and not under_way)
    assert handled == dict.fromkeys(jobs, 1)
