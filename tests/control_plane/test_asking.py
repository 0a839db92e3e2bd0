"""Asking with the workers running as processes, and with the offline coach in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.api import Api, api_environment, serving
from tests.support.processes import Plane

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

CODE = "def two_sum(numbers, target):\n    return [0, 1]\n"


@pytest.fixture(scope="module")
def workers(redis_server: RedisServer) -> Iterator[Plane]:
    kinds = ("hint", "review", "interview")
    with Plane(redis_server.url, "http://127.0.0.1:1", env={"LLM_PROVIDER": "offline"}, kinds=kinds) as plane:
        yield plane


@pytest.fixture
async def api(postgres: PostgresServer, redis_server: RedisServer, workers: Plane) -> AsyncIterator[Api]:
    async with serving(api_environment(postgres.url, redis_server.url)) as (api, _):
        yield api


async def test_a_hint_and_the_one_that_follows_it(
    api: Api, postgres: PostgresServer, redis_server: RedisServer
) -> None:
    room = await api.room()
    await api.told("PUT", f"/rooms/{room}/code", {"code": CODE, "userId": "ada"})
    first = await api.asked(room, "hint", {"hintLevel": "subtle"})
    answer = await api.ended(room, first)
    assert answer["status"] == "completed"
    assert answer["result"]["hintLevel"] == "gentle"

    second = await api.asked(
        room, "hint", {"hintLevel": "moderate", "followUpToHintId": first, "reflectionResponse": "A dict?"}
    )
    assert (await api.ended(room, second))["status"] == "completed"
    sent = json.loads(redis_server.client.hget(f"bull:ai.generate-hint:{second}", "data"))
    assert sent["previousHint"] == answer["result"]["hint"]
    assert sent["previousHints"] == [{"hint": answer["result"]["hint"], "hintLevel": "gentle"}]
    assert (sent["hintStage"], sent["hintIteration"]) == ("follow_up", 2)
    assert (sent["currentCode"], sent["language"]) == (CODE, "python")
    assert sent["reflectionResponse"] == "A dict?"
    rows = postgres.query("SELECT job_id, hint IS NOT NULL FROM hints WHERE room_id = %s ORDER BY 1", room)
    assert rows == [(first, True), (second, True)]
    assert postgres.query("SELECT count(*) FROM outbox") == [(0,)]


async def test_a_conversation(api: Api, postgres: PostgresServer, redis_server: RedisServer) -> None:
    room = await api.room()
    first = await api.asked(room, "message", {"message": "I would use two loops.", "code": CODE})
    reply = (await api.ended(room, first))["result"]
    second = await api.asked(room, "message", {"message": "It is quadratic."})
    assert (await api.ended(room, second))["status"] == "completed"

    sent = json.loads(redis_server.client.hget(f"bull:ai.interview-response:{second}", "data"))
    assert sent["userMessage"] == "It is quadratic."
    assert [(turn["role"], turn["content"]) for turn in sent["conversationHistory"]] == [
        ("user", "I would use two loops."),
        ("assistant", reply["message"]),
    ]
    assert sent["currentDifficulty"] == reply["difficulty"]
    turns = postgres.query(
        "SELECT role, job_id FROM messages WHERE room_id = %s ORDER BY created_at, id", room
    )
    assert turns == [("user", first), ("assistant", first), ("user", second), ("assistant", second)]
    assert "weaknessSignals" not in reply


async def test_a_review_with_what_it_showed(
    api: Api, postgres: PostgresServer, redis_server: RedisServer
) -> None:
    room = await api.room()
    run = {"userId": "ada", "passedTestCases": 0, "totalTestCases": 4}
    await api.told("POST", f"/rooms/{room}/executions", run)
    job = await api.asked(room, "review", {"code": CODE})
    result = (await api.ended(room, job))["result"]
    assert 0 <= result["overallScore"] <= 10
    assert "weaknessSignals" not in result
    assert postgres.query("SELECT overall_score FROM reviews WHERE job_id = %s", job) == [
        (result["overallScore"],)
    ]
    sightings = postgres.query(
        "SELECT user_id, room_id, problem_title FROM weakness_sightings WHERE job_id = %s", job
    )
    whole = json.loads(redis_server.client.hget(f"bull:ai.review-code:{job}", "returnvalue"))
    assert sightings == [("ada", room, "Two sum")] * len(whole["weaknessSignals"])


async def test_the_outcome_is_cached_for_a_day_and_for_whoever_asked(
    api: Api, redis_server: RedisServer
) -> None:
    room = await api.room(ada="candidate", bob="candidate")
    job = await api.asked(room, "hint", {"hintLevel": "direct"})
    result = (await api.ended(room, job))["result"]
    assert json.loads(redis_server.client.get(f"ai-result:{job}"))["result"] == result
    assert 86_000 < redis_server.client.ttl(f"ai-result:{job}") <= 86_400
    assert (await api.call("GET", f"/rooms/{room}/ai/hint/{job}")).json()["result"] == result
    for user, path in (
        ("bob", f"{room}/ai/hint/{job}"),
        ("ada", f"{room}/ai/review/{job}"),
        ("ada", f"x/ai/hint/{job}"),
    ):
        assert (await api.call("GET", f"/rooms/{path}", user=user)).status_code == 404
