"""The conversation page by page, weaknesses over sessions, and what is left of each limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.api import Api, api_environment, serving
from tests.support.stand_in import ANSWERS, StandIn, living_pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiplane.queues import Kind
    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer


@pytest.fixture
async def api(postgres: PostgresServer, redis_server: RedisServer) -> AsyncIterator[Api]:
    redis_server.client.flushall()
    postgres.empty()
    async with (
        living_pools(redis_server.url),
        serving(api_environment(postgres.url, redis_server.url)) as (api, _),
    ):
        yield api


def say(postgres: PostgresServer, room: str, count: int) -> None:
    """Write turns, several of one moment."""
    postgres.query(
        "INSERT INTO jobs (id, kind, asked, counts, room_id, user_id, state)"
        " SELECT 'j' || n, 'interview', 'message', true, %s, 'ada', 'completed'"
        " FROM generate_series(1, %s) n",
        room,
        count,
    )
    postgres.query(
        "INSERT INTO messages (id, room_id, user_id, role, content, job_id, created_at)"
        " SELECT 'm' || n, %s, 'ada', 'user', 'turn ' || n, 'j' || n, to_timestamp(1000 + n / 3)"
        " FROM generate_series(1, %s) n",
        room,
        count,
    )


async def pages(api: Api, room: str, **query: Any) -> list[list[str]]:
    found, cursor = [], {}
    while True:
        response = await api.call("GET", f"/rooms/{room}/ai/messages", params={**query, **cursor})
        assert response.status_code == 200, response.text
        page = response.json()
        found.append([each["content"] for each in page["data"]])
        assert page["pagination"]["hasMore"] == (page["pagination"]["nextCursor"] is not None)
        if not page["pagination"]["hasMore"]:
            return found
        cursor = {"cursor": page["pagination"]["nextCursor"]}


@pytest.mark.parametrize("limit", [1, 4, 9, 10, 100])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_every_turn_is_on_one_page(api: Api, postgres: PostgresServer, limit: int, order: str) -> None:
    room = await api.room()
    say(postgres, room, 9)
    found = await pages(api, room, limit=limit, order=order)
    rows = postgres.query(f"SELECT content FROM messages ORDER BY created_at {order}, id {order}")
    assert [content for page in found for content in page] == [content for (content,) in rows]
    assert max(map(len, found)) <= limit


async def test_what_is_said_meanwhile_neither_repeats_nor_hides(api: Api, postgres: PostgresServer) -> None:
    room = await api.room()
    say(postgres, room, 6)
    first = (await api.call("GET", f"/rooms/{room}/ai/messages?limit=3&order=desc")).json()
    postgres.query("UPDATE messages SET created_at = now() WHERE id = 'm1'")
    cursor = first["pagination"]["nextCursor"]
    second = (await api.call("GET", f"/rooms/{room}/ai/messages?limit=9&order=desc&cursor={cursor}")).json()
    contents = [each["content"] for page in (first, second) for each in page["data"]]
    assert contents == ["turn 6", "turn 5", "turn 4", "turn 3", "turn 2"]


@pytest.mark.parametrize(
    "cursor", ["", "x", "%00", "WyJ4IiwgIngiXQ", "WzEsIDJd", "e30", "bnVsbA", "é", "W1tbW1tbW1tb", "A" * 200]
)
async def test_a_bad_cursor_is_a_400(api: Api, cursor: str) -> None:
    room = await api.room()
    response = await api.call("GET", f"/rooms/{room}/ai/messages", params={"cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (400, "bad_cursor")


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "order=up"])
async def test_a_page_that_there_is_not(api: Api, query: str) -> None:
    room = await api.room()
    assert (await api.call("GET", f"/rooms/{room}/ai/messages?{query}")).status_code == 400


async def test_only_a_participant_reads(api: Api) -> None:
    room = await api.room(ada="candidate", eve="observer")
    assert (await api.call("GET", f"/rooms/{room}/ai/messages", user="eve")).status_code == 200
    assert (await api.call("GET", f"/rooms/{room}/ai/messages", user="zoe")).status_code == 404
    assert (await api.call("GET", f"/rooms/{room}/ai/messages", user=None)).status_code == 401


async def test_weaknesses_over_sessions_are_told_and_passed_on(api: Api, redis_server: RedisServer) -> None:
    rooms = [await api.room(ada="candidate", bob="candidate") for _ in range(2)]
    async with StandIn(redis_server.url, "review") as worker:
        for room in rooms:
            job = await api.asked(room, "review", {"code": "x = 1"})
            assert await worker.take() == job
            sent = json.loads(await worker.queue.data(job) or "")
            await worker.complete(job, {**ANSWERS["review"], "weaknessSignals": ["edge_cases"]})
            await api.ended(room, job)
    found = (await api.call("GET", "/users/me/ai/weaknesses")).json()["data"]
    assert [(each["category"], each["frequency"], each["trend"]) for each in found] == [
        ("edge_cases", 2, "stable")
    ]
    assert [each["sessionId"] for each in found[0]["sessions"]] == rooms[::-1]
    assert found[0]["sessions"][0]["problemTitle"] == "Two sum"
    (known,) = sent["historicalWeaknesses"]
    assert (known["category"], known["frequency"], known["trend"]) == ("edge_cases", 1, "stable")
    assert (await api.call("GET", "/users/me/ai/weaknesses", user="bob")).json() == {"data": []}


async def reviewed(api: Api, worker: StandIn, room: str, user: str, body: Any, *showing: str) -> Any:
    """Have a review asked for that shows weaknesses, and return what the workers were told."""
    job = await api.asked(room, "review", body, user=user)
    assert await worker.take() == job
    await worker.complete(job, {**ANSWERS["review"], "weaknessSignals": list(showing)})
    assert (await api.ended(room, job, user=user))["status"] == "completed"
    return json.loads(await worker.queue.data(job) or "")


async def weaknesses_of(api: Api, user: str) -> list[str]:
    found = (await api.call("GET", "/users/me/ai/weaknesses", user=user)).json()["data"]
    return [each["category"] for each in found]


async def test_a_weakness_is_of_whoever_wrote_the_code(
    api: Api, redis_server: RedisServer, postgres: PostgresServer
) -> None:
    async with StandIn(redis_server.url, "review") as worker:
        earlier = await api.room()
        await reviewed(api, worker, earlier, "ada", {"code": "x = 1"}, "off_by_one")
        his_own = await api.room(ian="candidate")
        await reviewed(api, worker, his_own, "ian", {"code": "x = 1"}, "code_structure")
        room = await api.room(mode="peer", ada="candidate", ian="interviewer")
        await api.told("PUT", f"/rooms/{room}/code", {"code": "y = 2", "userId": "ada"})
        await api.told("POST", f"/rooms/{room}/finish")
        sent = await reviewed(api, worker, room, "ian", {}, "edge_cases")
        await reviewed(api, worker, room, "ian", {"code": "z = 3"}, "time_complexity")
        crowded = await api.room(ada="candidate", bob="candidate", ian="interviewer")
        await api.told("PUT", f"/rooms/{crowded}/code", {"code": "shared"})
        await reviewed(api, worker, crowded, "ian", {}, "variable_naming")
    assert (sent["code"], sent["userId"]) == ("y = 2", "ian")
    assert "historicalWeaknesses" not in sent
    assert await weaknesses_of(api, "ada") == ["edge_cases", "off_by_one"]
    assert await weaknesses_of(api, "ian") == ["code_structure"]
    assert await weaknesses_of(api, "bob") == []
    kept = postgres.query("SELECT room_id, evidence FROM weakness_sightings WHERE category = 'edge_cases'")
    assert kept == [(room, ANSWERS["review"]["summary"])]


@pytest.mark.parametrize(
    ("what", "kind", "body"),
    [
        ("message", "interview", {"message": "Two loops."}),
        ("hint", "hint", {"hintLevel": "gentle"}),
        ("review", "review", {"code": "x = 1"}),
    ],
)
async def test_what_earlier_sessions_showed_goes_along_with_what_is_asked(
    api: Api, redis_server: RedisServer, what: str, kind: Kind, body: Any
) -> None:
    async with StandIn(redis_server.url, "review") as worker:
        await reviewed(api, worker, await api.room(), "ada", {"code": "x"}, "edge_cases")
    room = await api.room(ada="candidate", bob="candidate")
    async with StandIn(redis_server.url, kind) as worker:
        for user, known in (("ada", ["edge_cases"]), ("bob", [])):
            job = await api.asked(room, what, body, user=user)
            assert await worker.take() == job
            sent = json.loads(await worker.queue.data(job) or "")
            assert [each["category"] for each in sent.get("historicalWeaknesses", [])] == known


async def test_the_quota_of_a_room(api: Api) -> None:
    room = await api.room()
    for _ in range(2):
        await api.asked(room, "hint", {"hintLevel": "gentle"})
    quota = (await api.call("GET", f"/users/me/ai/quota?roomId={room}")).json()
    assert quota["roomId"] == room
    assert [quota[each]["remaining"] for each in ("message", "voice", "hint", "review")] == [20, 10, 1, 5]
    assert quota["hint"]["windowSeconds"] == 300
    assert (await api.call("GET", "/users/me/ai/quota")).status_code == 400
    assert (await api.call("GET", f"/users/me/ai/quota?roomId={room}", user="zoe")).status_code == 404
