"""Rate limits, over two services at once, and an Idempotency-Key for what is asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.api import Api, api_environment, serving
from tests.support.stand_in import living_pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx2

    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

HINT = {"hintLevel": "gentle"}


@pytest.fixture
async def env(postgres: PostgresServer, redis_server: RedisServer) -> AsyncIterator[dict[str, str]]:
    redis_server.client.flushall()
    # What is asked here is whether the limits hold, on a machine as busy as it may be.
    patient = {"CALL_TIMEOUT_SECONDS": "20", "BREAKER_OPEN_SECONDS": "1"}
    async with living_pools(redis_server.url):
        yield api_environment(postgres.url, redis_server.url, **patient)


@pytest.fixture
async def api(env: dict[str, str]) -> AsyncIterator[Api]:
    async with serving(env) as (api, _):
        yield api


async def test_of_a_hundred_at_once_by_two_services_three_pass(
    env: dict[str, str], redis_server: RedisServer
) -> None:
    async with serving(env) as (first, _), serving(env) as (second, _):
        room = await first.room()
        answers = await asyncio.gather(*(answered(each, room) for _ in range(50) for each in (first, second)))
    passed = [answer for answer in answers if answer.status_code == 202]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert (len(passed), len(refused)) == (3, 97)
    for answer in refused:
        assert 1 <= int(answer.headers["retry-after"]) <= 300
        details = answer.json()["details"]
        assert details == {"limit": 3, "windowSeconds": 300, "remaining": 0, "resetAt": details["resetAt"]}


async def answered(api: Api, room: str) -> httpx2.Response:
    """Ask for a hint until the limit alone decides: a hundred at once can be more than a machine manages."""
    while (answer := await api.call("POST", f"/rooms/{room}/ai/hint", HINT)).status_code in (503, 504):  # noqa: ASYNC110 -- no event
        await asyncio.sleep(1)
    return answer


async def test_retry_after_waited_out_lets_the_next_one_pass(env: dict[str, str]) -> None:
    async with serving({**env, "RATE_LIMIT_HINTS": "2/8"}) as (api, _):
        room = await api.room()
        path = f"/rooms/{room}/ai/hint"
        await api.asked(room, "hint", HINT)
        await asyncio.sleep(0.7)
        await api.asked(room, "hint", HINT)
        refused = await api.call("POST", path, HINT)
        assert refused.status_code == 429
        await asyncio.sleep(int(refused.headers["retry-after"]))
        assert (await api.call("POST", path, HINT)).status_code == 202


async def test_each_room_person_and_thing_has_a_limit_of_its_own(env: dict[str, str]) -> None:
    limits = {"RATE_LIMIT_HINTS": "1/300", "RATE_LIMIT_MESSAGES": "1/300", "RATE_LIMIT_REVIEWS": "1/300"}
    async with serving({**env, **limits}) as (api, _):
        room = await api.room(ada="candidate", bob="candidate")
        other = await api.room()
        for where, what, body, user in (
            (room, "hint", HINT, "ada"),
            (room, "hint", HINT, "bob"),
            (other, "hint", HINT, "ada"),
            (room, "message", {"message": "Hi"}, "ada"),
            (room, "review", {"code": "x = 1"}, "ada"),
        ):
            await api.asked(where, what, body, user=user)
            again = await api.call("POST", f"/rooms/{where}/ai/{what}", body, user=user)
            assert again.status_code == 429


async def test_a_refused_request_does_not_count(env: dict[str, str], redis_server: RedisServer) -> None:
    async with serving({**env, "RATE_LIMIT_HINTS": "1/300"}) as (api, _):
        room = await api.room()
        for body in ({}, {"hintLevel": "huge"}, {**HINT, "followUpToHintId": "hint-none"}):
            refused = await api.call("POST", f"/rooms/{room}/ai/hint", body)
            assert refused.status_code in {400, 404}
        await api.asked(room, "hint", HINT)


async def test_one_key_is_one_job_and_counts_once(api: Api) -> None:
    room = await api.room()
    key = {"Idempotency-Key": "once"}
    jobs = await asyncio.gather(*(api.asked(room, "hint", HINT, headers=key) for _ in range(10)))
    assert len(set(jobs)) == 1
    other = await api.call("POST", f"/rooms/{room}/ai/hint", {"hintLevel": "direct"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    await api.asked(room, "hint", HINT)


async def test_what_each_mode_and_role_may_do(api: Api) -> None:
    peer = await api.room(mode="peer", ada="candidate", eve="observer", kim="interviewer")
    assert (await api.call("POST", f"/rooms/{peer}/ai/message", {})).json()["code"] == "not_available_in_mode"
    early = await api.call("POST", f"/rooms/{peer}/ai/review", {"code": "x = 1"})
    assert (early.status_code, early.json()["code"]) == (403, "not_available_in_mode")
    await api.asked(peer, "hint", HINT)
    for user in ("eve", "kim"):
        assert (await api.call("POST", f"/rooms/{peer}/ai/hint", HINT, user=user)).status_code == 403
    assert (await api.call("POST", f"/rooms/{peer}/ai/hint", HINT, user="zoe")).status_code == 404
    await api.told("POST", f"/rooms/{peer}/finish")
    await api.asked(peer, "review", {"code": "x = 1"}, user="kim")
    late = await api.call("POST", f"/rooms/{peer}/ai/hint", HINT)
    assert (late.status_code, late.json()["code"]) == (409, "room_finished")


async def test_there_is_nothing_to_review_without_code(api: Api) -> None:
    room = await api.room()
    refused = await api.call("POST", f"/rooms/{room}/ai/review", {})
    assert (refused.status_code, refused.json()["code"]) == (400, "no_code")
