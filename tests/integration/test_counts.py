"""A queue's counts are BullMQ's own: each state is counted once, and the oldest that waits is found."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from aiplane.bull import Bull, QueueCounter, QueueCounts
from aiplane.redis.clients import connect, connect_thread
from tests.support.taking import take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from tests.support.redis_server import RedisServer

EMPTY = QueueCounts(0, 0, 0, 0, 0, 0, paused=False, oldest_ms=0)


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    client = connect(redis_server.url)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture
def counter(redis_server: RedisServer) -> QueueCounter:
    return QueueCounter(connect_thread(redis_server.url), "bull")


async def test_a_queue_that_is_not_there_has_no_jobs(redis: Redis, counter: QueueCounter) -> None:
    assert await asyncio.to_thread(counter.read, "q") == EMPTY


async def test_each_state_is_counted(redis: Redis, counter: QueueCounter) -> None:
    queue, letters = Bull(redis).queue("q"), Bull(redis).queue("q.dlq")
    for options in ({}, {}, {}, {"priority": 3}, {"delay": 60_000}):
        await queue.add("job", {}, options=options)
    assert (await take(redis, queue)).job_id == "1"
    await letters.add("job", {})
    await redis.zadd(queue.key("completed"), {"a": 1, "b": 2})
    await redis.zadd(queue.key("failed"), {"c": 1})
    counts = await asyncio.to_thread(counter.read, "q")
    assert (counts.waiting, counts.active, counts.delayed) == (3, 1, 1)
    assert (counts.completed, counts.failed, counts.dead, counts.paused) == (2, 1, 1, False)


@pytest.mark.parametrize("place", ["wait", "paused", "prioritized"])
async def test_the_oldest_is_found_wherever_it_waits(redis: Redis, counter: QueueCounter, place: str) -> None:
    queue = Bull(redis).queue("q")
    priority = {"priority": 1} if place == "prioritized" else {}
    seconds, micros = await redis.time()
    now = seconds * 1000 + micros // 1000
    await queue.add("job", {}, job_id="old", options={"timestamp": now - 40_000, **priority})
    await queue.add("job", {}, job_id="new", options={"timestamp": now - 10_000})
    if place == "paused":
        await redis.hset(queue.key("meta"), "paused", 1)
        await redis.rename(queue.key("wait"), queue.key("paused"))
    counts = await asyncio.to_thread(counter.read, "q")
    assert counts.waiting == 2
    assert counts.paused is (place == "paused")
    assert 40_000 <= counts.oldest_ms < 70_000
