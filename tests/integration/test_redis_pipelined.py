"""One connection for all that is asked: each answer comes to who asked for it, or the loss of it does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from aiplane.redis.clients import connect
from bridges import redis_pipelined
from bridges.redis_pipelined import PipelinedRedis
from tests.support.proxy import RedisProxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from redis.asyncio import Redis

    from tests.support.redis_server import RedisServer


@pytest.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[Redis]:
    made = connect(redis_server.url, name="a-pipelined-client", client=PipelinedRedis)
    yield made
    await made.aclose()


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[RedisProxy]:
    with RedisProxy(redis_server.url, {}) as made:
        yield made


@pytest.fixture
async def through(proxy: RedisProxy) -> AsyncIterator[Redis]:
    made = connect(proxy.url, client=PipelinedRedis)
    yield made
    await made.aclose()


async def test_many_at_once_are_answered_each_to_its_asker_over_one_connection(client: Redis) -> None:
    await client.flushdb()
    counts = await asyncio.gather(*(client.incr("counter") for _ in range(200)))
    assert counts == [*range(1, 201)]
    mine = [each for each in await client.client_list() if each["name"] == "a-pipelined-client"]
    assert len(mine) == 1


async def test_answers_are_read_as_redis_py_reads_them(client: Redis) -> None:
    await client.flushdb()
    await client.hset("hash", mapping={"a": "\udcff", "b": "2"})
    assert await client.hgetall("hash") == {"a": "\udcff", "b": "2"}
    assert await client.get("nothing") is None
    script = client.register_script("return {KEYS[1], ARGV[1]}")
    await client.script_flush()
    assert await script(keys=["k"], args=["v"]) == ["k", "v"]


async def test_what_redis_refuses_is_the_askers_alone(client: Redis) -> None:
    await client.set("text", "not a number")
    refused, answered = await asyncio.gather(client.incr("text"), client.get("text"), return_exceptions=True)
    assert isinstance(refused, ResponseError)
    assert answered == "not a number"


async def test_what_cannot_be_sent_is_the_askers_alone(client: Redis) -> None:
    await client.set("key", "value")
    refused, answered = await asyncio.gather(
        client.set("key", "\ud800"), client.get("key"), return_exceptions=True
    )
    assert isinstance(refused, UnicodeEncodeError)
    assert answered == "value"


async def test_who_waits_no_longer_shifts_no_answer(client: Redis) -> None:
    await client.set("a", "1")
    await client.set("b", "2")
    impatient = asyncio.create_task(client.get("a"))
    await asyncio.sleep(0)
    others = asyncio.gather(client.get("b"), client.get("a"))
    impatient.cancel()
    assert await others == ["2", "1"]


async def test_a_lost_connection_fails_what_is_under_way_and_the_next_command_connects(
    through: Redis, proxy: RedisProxy
) -> None:
    await through.set("key", "value")
    fault = proxy.lose_reply("INCRBY")
    outcomes = await asyncio.gather(through.incr("n"), through.get("key"), return_exceptions=True)
    assert fault.happened.is_set()
    assert all(isinstance(each, RedisConnectionError) for each in outcomes)
    assert await through.get("key") == "value"


async def test_a_silent_redis_fails_what_is_under_way_in_time(
    through: Redis, proxy: RedisProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_pipelined, "COMMAND_TIMEOUT", 0.3)
    await through.set("key", "value")
    proxy.partition(replies=True)
    outcomes = await asyncio.gather(through.get("key"), through.get("key"), return_exceptions=True)
    proxy.heal()
    assert all(isinstance(each, RedisTimeoutError) for each in outcomes)
    assert await through.get("key") == "value"


async def test_where_there_is_no_redis_everyone_is_told() -> None:
    nowhere = connect("redis://127.0.0.1:1/0", client=PipelinedRedis)
    outcomes = await asyncio.gather(nowhere.get("a"), nowhere.get("b"), return_exceptions=True)
    assert all(isinstance(each, RedisError) for each in outcomes)
    await nowhere.aclose()


async def test_closing_fails_what_is_under_way(through: Redis, proxy: RedisProxy) -> None:
    await through.set("key", "value")
    proxy.partition(replies=True)
    waiting = asyncio.create_task(through.get("key"))
    await asyncio.sleep(0)
    await through.aclose()
    with pytest.raises(RedisConnectionError):
        await waiting
    proxy.heal()
