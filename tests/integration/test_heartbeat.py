"""A bridge's lease says how its loop and its locks are, for whoever probes it from outside."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from aiplane.ledger.leases import LeaseStore, Member
from aiplane.redis.clients import connect_thread
from aiplane.settings import Settings
from bridges import heartbeat as heart_module
from bridges.heartbeat import Heartbeat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from redis import Redis

    from tests.support.redis_server import RedisServer

ME = Member("me", "bridge", "host", 1)
Locks = dict[str, dict[str, str]]


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    client = connect_thread(redis_server.url)
    client.flushdb()
    yield client
    client.close()


@asynccontextmanager
async def beating(redis_server: RedisServer, locks: Mapping[str, Mapping[str, str]]) -> AsyncIterator[None]:
    """Let a heart beat from when it has told its loop of the leases."""
    told = asyncio.Event()
    settings = Settings.load({"REDIS_URL": redis_server.url})
    heartbeat = Heartbeat(settings, ME, locks=lambda: locks, tell=lambda *_: told.set())
    heartbeat.start()
    try:
        if not locks:
            await told.wait()
        yield
    finally:
        await asyncio.to_thread(heartbeat.stop)


def wait_for_lease(redis: Redis, wanted: Callable[[Member], bool]) -> None:
    """Read the leases until ours is as wanted, and let the loop of this thread wait meanwhile."""
    store, end = LeaseStore(redis, "bull"), monotonic() + 20
    while True:
        seen = store.look().seen.get(ME.id)
        if seen and wanted(seen[0]):
            return
        assert monotonic() < end, seen


def wait_for_renewal(redis: Redis, before: int) -> None:
    """Read the leases until ours was renewed twice since a moment."""
    store, end, seen = LeaseStore(redis, "bull"), monotonic() + 20, {before}
    while len(seen) < 3:
        seen.add(store.look().seen[ME.id][1])
        assert monotonic() < end, seen


async def test_a_loop_that_does_not_turn_is_told_by_the_lease(
    redis_server: RedisServer, redis: Redis
) -> None:
    async with beating(redis_server, {}):
        wait_for_lease(redis, lambda member: member.loop_ms >= 2_000)
        await asyncio.to_thread(wait_for_lease, redis, lambda member: member.loop_ms < 1_500)


async def test_an_outage_of_redis_is_no_fault_of_the_loop(
    redis_server: RedisServer, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr("bridges.heartbeat.os._exit", ended.append)
    monkeypatch.setattr("bridges.heartbeat.LOOP_TIMEOUT_SECONDS", 1.0)
    async with beating(redis_server, {}):
        redis_server.stop()
        await asyncio.sleep(3)  # the outage's length is what is tested
        redis_server.cont()
        before = LeaseStore(redis, "bull").look().seen[ME.id][1]
        await asyncio.to_thread(wait_for_renewal, redis, before)
    assert ended == []


async def test_locks_that_cannot_be_renewed_are_told_by_the_lease(
    redis_server: RedisServer, redis: Redis
) -> None:
    redis.set("bull:q:stalled", "not BullMQ's")
    redis.set("bull:q:1:lock", "token")
    async with beating(redis_server, {"q": {"1": "token"}}):
        await asyncio.to_thread(wait_for_lease, redis, lambda member: member.locks_ms >= 2_000)
        redis.delete("bull:q:stalled")
        await asyncio.to_thread(wait_for_lease, redis, lambda member: member.locks_ms < 2_000)


async def test_what_cannot_be_measured_is_told_to_the_loop_all_the_same(
    redis_server: RedisServer, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("no telemetry")

    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    monkeypatch.setattr(heart_module, "record", refuse)
    async with asyncio.timeout(20), beating(redis_server, {}):
        assert redis.zcard("aiplane:bull:leases") == 1
