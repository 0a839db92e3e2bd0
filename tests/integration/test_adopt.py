"""Adoption on a real Redis: what nobody looks after becomes ours, what somebody does is left alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.bull import Bull, new_token
from aiplane.ledger.leases import LeaseSnapshot, Member
from aiplane.queues import KINDS, QUEUES
from aiplane.redis.clients import connect
from aiplane.settings import Settings
from bridges.adopt import Adoption
from bridges.consumer import Source
from bridges.in_flight import InFlight
from bridges.slots import Slots
from tests.support.taking import take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from bridges.job import Job
    from tests.support.redis_server import RedisServer

ME = "bridge-me"
NOW = 1_000_000_000
ALIVE = LeaseSnapshot(NOW, 0, {"bridge-other": (Member("bridge-other", "bridge", "host", 1), NOW)})
DEAD = LeaseSnapshot(NOW, 0, {"bridge-other": (Member("bridge-other", "bridge", "host", 1), NOW - 5_000)})
OUTAGE = LeaseSnapshot(
    NOW, NOW - 4_000, {"bridge-other": (Member("bridge-other", "bridge", "host", 1), NOW - 60_000)}
)
OTHERS = new_token("bridge-other")


class Bench:
    """One queue, and an adoption that notes what it adopts."""

    def __init__(self, redis: Redis, url: str) -> None:
        self.redis = redis
        self.in_flight = InFlight()
        self.slots = Slots(self.in_flight.count)
        self.slots.update(_slots(5), leader=True, kinds=KINDS)
        self.adopted: list[Job] = []
        self.source = Source(Settings.load({"REDIS_URL": url}), Bull(redis), QUEUES["hint"], ME, "node")
        self.queue = self.source.queue
        self.adoption = Adoption(redis, ME, self.in_flight, self.slots, self.adopted.append)

    async def active(self, token: str, **options: Any) -> str:
        await self.queue.add("generate-hint", {}, options=options)
        job = (await take(self.redis, self.queue, token)).job_id
        assert job
        return job

    async def scan(self, snapshot: LeaseSnapshot = ALIVE) -> list[str]:
        self.adopted.clear()
        await self.adoption.scan(self.source, snapshot)
        return [job.id for job in self.adopted]

    async def lock(self, job: str) -> str | None:
        return await self.redis.get(self.queue.lock_key(job))


def _slots(count: int) -> LeaseSnapshot:
    return LeaseSnapshot(NOW, 0, {"p": (Member("p", "pool", "n", 1, "hint", count), NOW)})


@pytest.fixture
async def bench(redis_server: RedisServer) -> AsyncIterator[Bench]:
    redis = connect(redis_server.url)
    await redis.flushdb()
    made = Bench(redis, redis_server.url)
    yield made
    await made.source.close()
    await redis.aclose()


async def test_the_job_of_a_living_bridge_is_left_alone_and_takes_its_slot(bench: Bench) -> None:
    job = await bench.active(OTHERS)
    assert await bench.scan() == []
    assert await bench.lock(job) == OTHERS
    assert bench.slots.free("hint") == 4


async def test_the_job_of_a_dead_bridge_is_adopted_as_it_is(bench: Bench) -> None:
    job = await bench.active(OTHERS)
    before = await bench.queue.record(job)
    assert await bench.scan(DEAD) == [job]
    assert await bench.lock(job) == bench.adopted[0].token
    assert bench.adopted[0].token.startswith(f"brg:{ME}:")
    assert await bench.queue.record(job) == before


async def test_an_outage_of_redis_makes_no_bridge_look_dead(bench: Bench) -> None:
    await bench.active(OTHERS)
    assert await bench.scan(OUTAGE) == []


async def test_the_job_of_a_living_worker_of_another_kind_is_left_alone(bench: Bench) -> None:
    job = await bench.active("a-node-worker:7")
    for snapshot in (ALIVE, DEAD, DEAD):
        assert await bench.scan(snapshot) == []
    assert await bench.lock(job) == "a-node-worker:7"
    assert bench.slots.free("hint") == 5


async def test_the_job_of_a_foreign_worker_that_is_gone_is_taken_over(bench: Bench) -> None:
    job = await bench.active("a-node-worker:7")
    await bench.redis.delete(bench.queue.lock_key(job))  # what its expiry does
    await bench.redis.sadd(bench.queue.key("stalled"), job)
    assert await bench.scan() == [job]
    assert not await bench.redis.sismember(bench.queue.key("stalled"), job)


async def test_a_take_whose_reply_was_lost_is_found_at_the_second_look(bench: Bench) -> None:
    job = await bench.active(new_token(ME))
    assert await bench.scan() == []
    assert await bench.scan() == [job]


async def test_a_job_in_hand_is_not_adopted_unless_its_lock_has_expired(bench: Bench) -> None:
    job = await bench.active(OTHERS)
    await bench.scan(DEAD)
    mine = bench.adopted[0]
    bench.in_flight.add(mine, asyncio.create_task(asyncio.sleep(60)))
    assert await bench.scan(DEAD) == []
    await bench.redis.delete(bench.queue.lock_key(job))
    assert await bench.scan() == [job]


async def test_a_job_that_left_the_active_list_is_let_go(bench: Bench) -> None:
    job = await bench.active(OTHERS)
    await bench.scan(DEAD)
    task = asyncio.create_task(asyncio.sleep(60))
    bench.in_flight.add(bench.adopted[0], task)
    await bench.redis.lrem(bench.queue.key("active"), 1, job)
    await bench.scan()
    assert bench.in_flight.count("hint") == 0
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_of_two_that_adopt_at_once_one_wins(bench: Bench, redis_server: RedisServer) -> None:
    other = Bench(bench.redis, redis_server.url)
    job = await bench.active(OTHERS)
    mine, theirs = await asyncio.gather(bench.scan(DEAD), other.scan(DEAD))
    await other.source.close()
    assert sorted([*mine, *theirs]) == [job]
