"""A room's events, by a real socket: as they come, for whom they are, and resumed without a gap."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.api import Api, api_environment, listening, serving
from tests.support.stand_in import StandIn, living_pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer


@pytest.fixture
async def api(postgres: PostgresServer, redis_server: RedisServer) -> AsyncIterator[Api]:
    redis_server.client.flushall()
    postgres.empty()
    env = api_environment(postgres.url, redis_server.url)
    async with living_pools(redis_server.url), serving(env) as (api, app), listening(app, api):
        yield api


class Stream:
    """The events of a room, read as a browser reads them."""

    def __init__(self, api: Api, room: str, user: str = "ada", after: str = "") -> None:
        self.lines: AsyncIterator[str]
        self._call = api.stream(
            f"/rooms/{room}/ai/events", user=user, headers={"Last-Event-ID": after} if after else {}
        )

    async def __aenter__(self) -> Stream:
        response = await self._call.__aenter__()
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        self.lines = response.aiter_lines()
        await anext(self.lines)  # the welcome
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._call.__aexit__(*error)

    async def next(self) -> tuple[str, str, Any]:
        """Return the id, the name and the data of the next event."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self.lines:
                name, _, value = line.partition(": ")
                if name:
                    fields[name] = value
                elif "data" in fields:
                    return fields["id"], fields["event"], json.loads(fields["data"])
        raise AssertionError("the stream has ended")

    async def until(self, name: str, **data: Any) -> list[tuple[str, str, Any]]:
        """Return the events up to the first of a name with this data."""
        seen = []
        while True:
            seen.append(await self.next())
            if seen[-1][1] == name and seen[-1][2].items() >= data.items():
                return seen


async def test_a_message_from_asking_to_the_reply(api: Api, redis_server: RedisServer) -> None:
    room = await api.room(ada="candidate", eve="observer")
    async with Stream(api, room) as mine, Stream(api, room, "eve") as observed:
        job = await api.asked(room, "message", {"message": "Two loops."})
        async with StandIn(redis_server.url, "interview") as worker:
            assert await worker.take() == job
            await mine.until("job", jobId=job, status="running")
            await worker.complete(job)
            seen = await mine.until("job", jobId=job, status="completed")
        reply = next(data for _, name, data in seen if name == "message")
        assert (reply["role"], reply["content"]) == ("assistant", "What is its complexity?")
        others = await observed.until("message", role="assistant")
        assert [(name, data["role"]) for _, name, data in others] == [
            ("message", "user"),
            ("message", "assistant"),
        ]


async def test_what_is_left_of_a_limit_is_told_and_given_back(api: Api, redis_server: RedisServer) -> None:
    room = await api.room()
    async with Stream(api, room) as mine, StandIn(redis_server.url) as worker:
        job = await api.asked(room, "hint", {"hintLevel": "gentle"})
        await mine.until("quota", kind="hint", remaining=2)
        await worker.take()
        await worker.fail(job, "llm_auth: The key is refused.")
        await mine.until("job", jobId=job, status="failed")
        await mine.until("quota", kind="hint", remaining=3)


async def test_a_stream_resumes_where_it_ended(api: Api) -> None:
    room = await api.room()
    async with Stream(api, room) as first:
        await api.asked(room, "hint", {"hintLevel": "gentle"})
        last = (await first.until("quota", remaining=2))[-1][0]
    for _ in range(2):
        await api.asked(room, "hint", {"hintLevel": "gentle"})
    async with Stream(api, room, after=last) as second:
        seen = await second.until("quota", remaining=0)
    assert [name for _, name, _ in seen] == ["job", "quota"] * 2
    assert [int(number) for number, _, _ in seen] == sorted(int(number) for number, _, _ in seen)


@pytest.mark.parametrize("after", ["x", "-1", "1.5", str(2**63)])
async def test_an_id_that_is_none_is_a_400(api: Api, after: str) -> None:
    room = await api.room()
    response = await api.call("GET", f"/rooms/{room}/ai/events", headers={"Last-Event-ID": after})
    assert response.status_code == 400


async def test_strangers_hear_nothing(api: Api) -> None:
    room = await api.room()
    assert (await api.call("GET", f"/rooms/{room}/ai/events", user="zoe")).status_code == 404
    assert (await api.call("GET", f"/rooms/{room}/ai/events", user=None)).status_code == 401
