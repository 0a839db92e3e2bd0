"""A room's events, by a real socket: as they come, for whom they are, and resumed without a gap."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from control_plane import bell, conversation, listeners
from control_plane.conversation import say
from control_plane.events import hold, publish, write_events
from control_plane.identity import LEEWAY_SECONDS
from control_plane.routes import events
from control_plane.tables import Job, Message
from tests.support.api import Api, api_environment, listening, serving, token
from tests.support.stand_in import StandIn, living_pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

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
    """The events of a room, read as a browser reads them.

    Attributes:
        began: the id of the first event, and what it says.
    """

    def __init__(
        self,
        api: Api,
        room: str,
        user: str = "ada",
        after: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.lines: AsyncIterator[str]
        self.began: tuple[str, Any]
        resuming = {"Last-Event-ID": after} if after else {}
        path = f"/rooms/{room}/ai/events"
        self._call = api.stream(path, user=user, headers={**resuming, **(headers or {})})

    async def __aenter__(self) -> Stream:
        response = await self._call.__aenter__()
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        self.lines = response.aiter_lines()
        number, name, data = await self.next()
        assert name == "ready"
        self.began = (number, data)
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

    async def rest(self) -> list[str]:
        """Return what still comes, once the stream has ended."""
        async with asyncio.timeout(10):
            return [line async for line in self.lines if line]

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


async def test_whoever_has_seen_no_event_yet_misses_none_either(api: Api) -> None:
    room = await api.room()
    async with Stream(api, room) as first:
        number, said = first.began
        assert said == {"resumed": False}
    job = await api.asked(room, "hint", {"hintLevel": "gentle"})
    async with Stream(api, room, after=number) as second:
        assert second.began == (number, {"resumed": True})
        assert (await second.next())[2] == {"jobId": job, "kind": "hint", "status": "queued"}


async def test_what_cannot_be_resumed_is_said_to_begin_anew(api: Api, postgres: PostgresServer) -> None:
    room = await api.room()
    for _ in range(2):
        await api.asked(room, "hint", {"hintLevel": "gentle"})
    numbers = [str(number) for (number,) in postgres.query("SELECT id FROM events ORDER BY id")]
    postgres.query("DELETE FROM events WHERE id = %s", int(numbers[0]))
    for after, resumed in (
        (numbers[0], True),
        (str(int(numbers[0]) - 1), False),
        (str(int(numbers[-1]) + 1), False),
        (str(2**63 - 1), False),
    ):
        async with Stream(api, room, after=after) as stream:
            assert stream.began == (after if resumed else numbers[-1], {"resumed": resumed})


async def test_nothing_is_missed_or_told_twice_over_two_services(
    api: Api, postgres: PostgresServer, redis_server: RedisServer
) -> None:
    room = await api.room()
    env = api_environment(postgres.url, redis_server.url)
    async with serving(env) as (other, app), listening(app, other):
        services = [each.app.state.services for each in (api, other)]

        async def tell(number: int) -> None:
            async with services[number % 2].database.transaction() as session:
                publish(session, room, "note", {"number": number})
                await write_events(session)
                await asyncio.sleep(0.01 * (number % 7))

        async with Stream(api, room) as stream:
            last = stream.began[0]
        telling = asyncio.gather(*(tell(number) for number in range(60)))
        heard: list[int] = []
        while len(heard) < 60:
            async with Stream((api, other)[len(heard) % 2], room, after=last) as stream:
                assert stream.began == (last, {"resumed": True})
                for _ in range(7 if len(heard) < 56 else 4):
                    last, _, data = await stream.next()
                    heard.append(data["number"])
        await telling
    assert sorted(heard) == list(range(60))


async def test_an_event_is_never_told_before_an_earlier_one(api: Api) -> None:
    room = await api.room()
    database = api.app.state.services.database
    written, go_on = asyncio.Event(), asyncio.Event()

    async def tell(number: int) -> None:
        async with database.transaction() as session:
            publish(session, room, "note", {"number": number})
            await write_events(session)
            if number == 1:
                written.set()
                await go_on.wait()

    async with Stream(api, room) as stream:
        first = asyncio.create_task(tell(1))
        await written.wait()
        second = asyncio.create_task(tell(2))
        await asyncio.sleep(0.5)  # for as long it could overtake the first
        go_on.set()
        await asyncio.gather(first, second)
        assert [(await stream.next())[2]["number"] for _ in range(2)] == [1, 2]


async def test_whoever_listens_hears_that_the_session_has_ended(api: Api, postgres: PostgresServer) -> None:
    room = await api.room()
    async with Stream(api, room) as stream:
        for _ in range(2):
            await api.told("POST", f"/rooms/{room}/finish")
        assert (await stream.next())[1:] == ("room", {"state": "finished"})
    assert postgres.query("SELECT count(*) FROM events") == [(1,)]


@pytest.mark.parametrize("notice", ["", "x", "7", "[]", '{"room": []}', '{"room": {}}', "[" * 7_000])
async def test_a_notice_that_is_none_of_ours_does_no_harm(
    api: Api, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, notice: str
) -> None:
    monkeypatch.setattr(bell, "LOOK_AGAIN_SECONDS", 60.0)
    room = await api.room()
    async with Stream(api, room) as stream:
        postgres.query("SELECT pg_notify('aiplane_events', %s)", notice)
        await api.asked(room, "hint", {"hintLevel": "gentle"})
        await stream.until("job", status="queued")


async def test_a_turn_is_never_read_before_an_earlier_one(
    api: Api, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await api.room()
    database = api.app.state.services.database
    written, go_on = asyncio.Event(), asyncio.Event()

    async def hold_on(*arguments: Any) -> None:
        await hold(*arguments)
        if not written.is_set():
            written.set()
            await go_on.wait()

    async def speak(job: str) -> None:
        async with database.transaction() as session:
            whose = {"room_id": room, "user_id": "ada"}
            session.add(Job(id=job, kind="interview", asked="message", counts=True, state="queued", **whose))
            await session.flush()
            await say(session, Message(role="user", content=job, job_id=job, **whose))

    def turns() -> list[tuple[object, ...]]:
        return postgres.query("SELECT content FROM messages ORDER BY created_at, id")

    monkeypatch.setattr(conversation, "hold", hold_on)
    first = asyncio.create_task(speak("first"))
    await written.wait()
    second = asyncio.create_task(speak("second"))
    await asyncio.wait([second], timeout=0.5)  # for as long it could overtake the first
    early = turns()
    go_on.set()
    await asyncio.gather(first, second)
    assert turns() == [("first",), ("second",)]
    assert turns()[: len(early)] == early


async def test_a_silent_stream_is_kept_open(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PING_SECONDS", 0.1)
    room = await api.room()
    async with Stream(api, room) as stream, asyncio.timeout(10):
        pings = 0
        async for line in stream.lines:
            pings += line == ": still here"
            if pings == 2:
                break
        await api.asked(room, "hint", {"hintLevel": "gentle"})
        await stream.until("job", status="queued")


async def test_one_stream_too_many_of_a_person_ends_the_oldest(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "MOST_OF_ONE", 2)
    room = await api.room(ada="candidate", eve="observer")
    async with (
        Stream(api, room) as first,
        Stream(api, room, "eve") as others,
        Stream(api, room) as second,
        Stream(api, room) as third,
    ):
        assert await first.rest() == [": another stream of yours took the place", "retry: 30000"]
        await api.asked(room, "message", {"message": "Two loops."})
        for stream in (others, second, third):
            await stream.until("message", content="Two loops.")


async def test_a_process_that_is_full_sends_who_comes_away(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "MOST", 2)
    room = await api.room(ada="candidate", eve="observer", bob="observer")
    async with Stream(api, room):
        async with Stream(api, room, "eve"):
            full = await api.call("GET", f"/rooms/{room}/ai/events", user="bob")
            assert (full.status_code, full.json()["code"]) == (503, "too_many_listeners")
            assert int(full.headers["retry-after"]) >= 1
        await left(api, 1)
        async with Stream(api, room, "bob"):
            pass
    await left(api, 0)


async def test_a_stream_ends_with_its_token(api: Api) -> None:
    room = await api.room()
    ends = token("ada", exp=int(time.time()) - LEEWAY_SECONDS + 2)
    async with Stream(api, room, headers={"Authorization": f"Bearer {ends}"}) as stream:
        assert await stream.rest() == []
    await left(api, 0)


async def test_a_stream_ends_when_its_listener_is_no_participant_any_more(
    api: Api, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "CHECK_SECONDS", 0.1)
    room = await api.room(ada="candidate", eve="observer")
    async with Stream(api, room) as mine, Stream(api, room, "eve") as others:
        postgres.query("DELETE FROM participants WHERE user_id = 'eve'")
        assert await others.rest() == []
        await api.asked(room, "hint", {"hintLevel": "gentle"})
        await mine.until("job", status="queued")


async def left(api: Api, count: int) -> None:
    """Wait until so many streams are open."""
    open_ones = api.app.state.services.listeners
    async with asyncio.timeout(10):
        while len(open_ones) != count:  # noqa: ASYNC110 -- a socket that is closed rings no bell here
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("after", ["x", "-1", "1.5", str(2**63)])
async def test_an_id_that_is_none_is_a_400(api: Api, after: str) -> None:
    room = await api.room()
    response = await api.call("GET", f"/rooms/{room}/ai/events", headers={"Last-Event-ID": after})
    assert response.status_code == 400


async def test_strangers_hear_nothing(api: Api) -> None:
    room = await api.room()
    assert (await api.call("GET", f"/rooms/{room}/ai/events", user="zoe")).status_code == 404
    assert (await api.call("GET", f"/rooms/{room}/ai/events", user=None)).status_code == 401
