"""What waits in a paused queue waits where neither BullMQ 5 nor BullMQ 6 destroys it when it resumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aiplane.bull import Bull, QueueStatus, merge_paused
from aiplane.redis.clients import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from aiplane.bull import BullQueue
    from tests.support.redis_server import RedisServer


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    client = connect(redis_server.url)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture
def queue(redis: Redis) -> BullQueue:
    return Bull(redis).queue("q")


async def lists(redis: Redis, queue: BullQueue) -> tuple[list[str], list[str]]:
    """Return what is in ``wait`` and in ``paused``, the next to run first."""
    both = [await redis.lrange(queue.key(name), 0, -1) for name in ("wait", "paused")]
    return both[0][::-1], both[1][::-1]


async def test_a_queue_that_runs_is_left_as_it_is(redis: Redis, queue: BullQueue) -> None:
    await redis.rpush(queue.key("wait"), "2", "1")
    assert await merge_paused(redis, queue) == QueueStatus(paused=False, limited=False)
    assert await lists(redis, queue) == (["1", "2"], [])


async def test_while_bullmq_5_has_paused_everything_waits_in_its_list(redis: Redis, queue: BullQueue) -> None:
    await redis.hset(queue.key("meta"), "paused", "1")
    await redis.rpush(queue.key("paused"), "2", "1")
    await redis.rpush(queue.key("wait"), "4", "3")
    assert (await merge_paused(redis, queue)).paused
    assert await lists(redis, queue) == ([], ["1", "2", "3", "4"])


async def test_what_its_list_still_holds_afterwards_goes_to_where_it_is_taken_from(
    redis: Redis, queue: BullQueue
) -> None:
    await redis.rpush(queue.key("paused"), "2", "1")
    await redis.rpush(queue.key("wait"), "4", "3")
    assert not (await merge_paused(redis, queue)).paused
    assert await lists(redis, queue) == (["1", "2", "3", "4"], [])
    assert await redis.zcard(queue.key("marker")) == 1


@pytest.mark.parametrize(
    ("version", "moved"), [("bullmq:5.70.1", True), ("bullmq:6.7.0", False), (None, False)]
)
async def test_without_such_a_list_the_last_version_decides(
    redis: Redis, queue: BullQueue, version: str | None, moved: bool
) -> None:
    await redis.hset(queue.key("meta"), mapping={"paused": "1", **({"version": version} if version else {})})
    await redis.rpush(queue.key("wait"), "2", "1")
    assert (await merge_paused(redis, queue)).paused
    assert await lists(redis, queue) == (([], ["1", "2"]) if moved else (["1", "2"], []))


async def test_a_limit_on_active_jobs_is_told(redis: Redis, queue: BullQueue) -> None:
    await redis.hset(queue.key("meta"), "concurrency", "2")
    assert await merge_paused(redis, queue) == QueueStatus(paused=False, limited=True)


async def test_a_long_list_is_moved_step_by_step(redis: Redis, queue: BullQueue) -> None:
    await redis.hset(queue.key("meta"), mapping={"paused": "1", "version": "bullmq:5.70.1"})
    await redis.rpush(queue.key("wait"), *map(str, range(2500)))
    for left in (1500, 500, 0):
        await merge_paused(redis, queue)
        assert await redis.llen(queue.key("wait")) == left
