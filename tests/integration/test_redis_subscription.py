"""A channel is heard for as long as there is somebody at the other end, and no longer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from aiplane.context.cancellation import cancel
from aiplane.redis.clients import connect
from bridges import redis_subscription
from bridges.redis_subscription import hear
from tests.support.proxy import RedisProxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.redis_server import RedisServer

CHANNEL, NAME = "a channel", "a-listener"


class Listener:
    """Hears a channel, and keeps what it has heard."""

    def __init__(self, task: asyncio.Task[None], heard: asyncio.Queue[str]) -> None:
        self.task = task
        self._heard = heard

    async def next(self) -> str:
        return await asyncio.wait_for(self._heard.get(), 5)


@asynccontextmanager
async def listening(redis_server: RedisServer, url: str | None = None) -> AsyncIterator[Listener]:
    client, heard = connect(url or redis_server.url, name=NAME), asyncio.Queue[str]()
    task = asyncio.create_task(hear(client, CHANNEL, heard.put_nowait))
    while not redis_server.client.publish(CHANNEL, "are you there?"):
        await asyncio.sleep(0)
        assert not task.done()
    listener = Listener(task, heard)
    assert await listener.next() == "are you there?"
    yield listener
    await cancel(task)
    await client.aclose()


async def test_what_is_published_is_heard_in_order(redis_server: RedisServer) -> None:
    async with listening(redis_server) as listener:
        for number in range(200):
            redis_server.client.publish(CHANNEL, f"{number} é".encode() + b"\xff")
        assert [await listener.next() for _ in range(200)] == [f"{number} é\udcff" for number in range(200)]


async def test_a_channel_on_which_nothing_is_said_is_heard_on(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_subscription, "SILENCE", 0.05)
    redis_server.client.config_resetstat()
    async with listening(redis_server) as listener:
        while redis_server.client.info("commandstats").get("cmdstat_ping", {"calls": 0})["calls"] < 4:
            await asyncio.sleep(0)
            assert not listener.task.done()
        redis_server.client.publish(CHANNEL, "at last")
        assert await listener.next() == "at last"


async def test_a_server_that_gives_no_sign_is_given_up(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_subscription, "SILENCE", 0.05)
    with RedisProxy(redis_server.url, {}) as proxy:
        async with listening(redis_server, proxy.url) as listener:
            proxy.partition(replies=True)
            with pytest.raises(RedisTimeoutError):
                await asyncio.wait_for(listener.task, 5)
            proxy.heal()


async def test_a_connection_that_breaks_is_told(redis_server: RedisServer) -> None:
    async with listening(redis_server) as listener:
        [mine] = [each for each in redis_server.client.client_list() if each["name"] == NAME]
        redis_server.client.client_kill_filter(_id=mine["id"])
        with pytest.raises(RedisConnectionError):
            await asyncio.wait_for(listener.task, 5)


async def test_what_goes_wrong_with_a_message_ends_the_hearing(redis_server: RedisServer) -> None:
    client = connect(redis_server.url)

    def told(text: str) -> None:
        raise RuntimeError(text)

    task = asyncio.create_task(hear(client, CHANNEL, told))
    while not redis_server.client.publish(CHANNEL, "bad news"):  # noqa: ASYNC110 -- nobody tells
        await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="bad news"):
        await asyncio.wait_for(task, 5)
    await client.aclose()


async def test_who_stops_listening_leaves_no_connection(redis_server: RedisServer) -> None:
    async with listening(redis_server) as listener:
        await cancel(listener.task)
        names, end = {NAME}, monotonic() + 5
        while NAME in names and monotonic() < end:
            await asyncio.sleep(0)
            names = {each["name"] for each in redis_server.client.client_list()}
        assert NAME not in names
