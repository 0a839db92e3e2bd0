"""The breaker, admission and health, with Redis frozen and killed, with no pool, and over two services."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.queues import KINDS
from control_plane import admission
from tests.support.api import Api, api_environment, serving
from tests.support.stand_in import StandIn, living_pools

if TYPE_CHECKING:
    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

HINT = {"hintLevel": "gentle"}


@pytest.fixture
def env(postgres: PostgresServer, redis_server: RedisServer) -> dict[str, str]:
    redis_server.client.flushall()
    postgres.empty()
    quick = {"CALL_TIMEOUT_SECONDS": "0.5", "BREAKER_FAILURES": "3", "BREAKER_OPEN_SECONDS": "2"}
    limits = {"RATE_LIMIT_HINTS": "1000/300"}
    return api_environment(postgres.url, redis_server.url, **quick, **limits)


async def ask(api: Api, room: str) -> tuple[int, str, float]:
    started = time.monotonic()
    response = await api.call("POST", f"/rooms/{room}/ai/hint", HINT)
    return response.status_code, response.json().get("code", ""), time.monotonic() - started


async def test_a_frozen_redis_is_a_504_in_time_then_a_503_and_comes_back(
    env: dict[str, str], redis_server: RedisServer, postgres: PostgresServer
) -> None:
    async with living_pools(redis_server.url), serving(env) as (first, _), serving(env) as (second, _):
        room = await first.room()
        assert (await ask(first, room))[0] == 202
        redis_server.process.stop()
        try:
            for _ in range(3):
                looking = asyncio.create_task(look(second))
                status, code, seconds = await ask(first, room)
                assert (status, code) == (504, "queues_timed_out")
                assert seconds < 1
                health, seconds = await looking
                assert (health["status"], health["redis"]) == ("down", False)
                assert seconds < 1
            await asyncio.sleep(0.5)  # for as long the other may not have looked
            for api in (first, second):
                refused = await api.call("POST", f"/rooms/{room}/ai/hint", HINT)
                assert (refused.status_code, refused.json()["code"]) == (503, "queues_unavailable")
                assert int(refused.headers["retry-after"]) in {1, 2}
            health, seconds = await look(first)
            assert (health["status"], health["redis"]) == ("down", False)
            assert seconds < 1
        finally:
            redis_server.process.cont()
        await asyncio.sleep(int(refused.headers["retry-after"]))
        await living(first)
        assert (await ask(second, room))[0] == 202
        assert (await ask(first, room))[0] == 202
    assert postgres.query("SELECT count(*) FROM jobs") == [(3,)]
    assert postgres.query("SELECT failures, open_until FROM breakers") == [(0, None)]


async def test_only_one_probes_a_redis_that_was_away(
    env: dict[str, str], redis_server: RedisServer, postgres: PostgresServer
) -> None:
    async with living_pools(redis_server.url), serving(env) as (first, _), serving(env) as (second, _):
        room = await first.room()
        redis_server.process.stop()
        try:
            for _ in range(3):
                await ask(first, room)
            postgres.query("UPDATE breakers SET open_until = clock_timestamp()")
            answers = await asyncio.gather(*(ask(each, room) for each in (first, second) for _ in range(5)))
        finally:
            redis_server.process.cont()
        assert sorted(status for status, _, _ in answers) == [503] * 9 + [504]


async def test_a_redis_that_refuses_is_a_503(env: dict[str, str]) -> None:
    async with serving({**env, "REDIS_URL": "redis://127.0.0.1:1/0"}) as (api, _):
        room = await api.room()
        assert (await ask(api, room))[:2] == (503, "queues_unavailable")


async def test_a_kind_without_a_pool_is_refused_after_a_while_and_named(
    env: dict[str, str], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "GONE_SECONDS", 1.0)
    monkeypatch.setattr(admission, "STARTING_SECONDS", 1.0)
    async with living_pools(redis_server.url, ["review", "interview"]), serving(env) as (api, _):
        room = await api.room()
        began = time.monotonic()
        assert (await ask(api, room))[0] == 202
        health, _ = await look(api)
        assert (health["status"], health["missing"]) == ("degraded", ["hint"])
        assert health["kinds"]["review"]["slots"] == 5
        while (answer := (await ask(api, room))[:2]) != (503, "no_workers"):
            assert answer[0] == 202
            assert time.monotonic() - began < 10
            await asyncio.sleep(0.1)
        await api.asked(room, "review", {"code": "x = 1"})
        async with living_pools(redis_server.url):
            assert (await ask(api, room))[0] == 202
            assert (await look(api))[0]["status"] == "ok"


async def test_whoever_comes_after_a_silence_is_told_that_nobody_works(
    env: dict[str, str], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    monkeypatch.setattr(admission, "GONE_SECONDS", 1.0)
    monkeypatch.setattr(admission, "STARTING_SECONDS", 1.0)
    monkeypatch.setattr(admission, "WATCH_SECONDS", 0.2)
    async with serving(env) as (api, _):
        room = await api.room()
        # Nobody asks for anything meanwhile.
        gone = "SELECT count(*) FROM pool_absences WHERE seen_at - since > interval '1 second'"
        async with asyncio.timeout(10):
            while postgres.query(gone) != [(len(KINDS),)]:  # noqa: ASYNC110 -- a row rings no bell
                await asyncio.sleep(0.1)
        assert (await ask(api, room))[:2] == (503, "no_workers")
        async with living_pools(redis_server.url):
            assert (await ask(api, room))[0] == 202


async def test_whoever_comes_while_everything_starts_is_accepted_until_a_pool_has_come_and_gone(
    env: dict[str, str], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "GONE_SECONDS", 1.0)
    monkeypatch.setattr(admission, "WATCH_SECONDS", 0.2)
    async with serving(env) as (api, _):
        room = await api.room()
        began = time.monotonic()
        while time.monotonic() < began + 2 * admission.GONE_SECONDS:
            assert (await ask(api, room))[0] == 202
            await asyncio.sleep(0.2)
        async with living_pools(redis_server.url):
            await living(api)
            assert (await ask(api, room))[0] == 202
        async with asyncio.timeout(20):
            while (await ask(api, room))[:2] != (503, "no_workers"):  # noqa: ASYNC110 -- a lease rings no bell
                await asyncio.sleep(0.2)


async def test_what_an_ended_process_knew_of_a_missing_pool_is_forgotten_once_there_is_one(
    env: dict[str, str], redis_server: RedisServer, postgres: PostgresServer
) -> None:
    postgres.query(
        "INSERT INTO pool_absences VALUES ('hint', clock_timestamp() - interval '1 hour', clock_timestamp())"
    )
    async with living_pools(redis_server.url), serving(env), asyncio.timeout(10):
        while postgres.query("SELECT * FROM pool_absences"):  # noqa: ASYNC110 -- a row rings no bell
            await asyncio.sleep(0.1)


async def test_a_queue_that_does_not_move_takes_no_more(
    env: dict[str, str], redis_server: RedisServer
) -> None:
    slow = {**env, "OLDEST_WAITING_SECONDS": "1"}
    async with living_pools(redis_server.url), serving(slow) as (api, _):
        room = await api.room()
        job = await api.asked(room, "hint", HINT)
        await asyncio.sleep(1.2)
        assert (await ask(api, room))[:2] == (503, "workers_busy")
        health, _ = await look(api)
        assert health["status"] == "degraded"
        assert health["kinds"]["hint"]["oldestWaitingMs"] > 1000
        async with StandIn(redis_server.url) as worker:
            assert await worker.take() == job
        assert (await ask(api, room))[0] == 202


async def look(api: Api) -> tuple[Any, float]:
    started = time.monotonic()
    response = await api.call("GET", "/health/ai", user=None)
    assert response.status_code == (200 if response.json()["status"] == "ok" else 503)
    return response.json(), time.monotonic() - started


async def living(api: Api) -> None:
    """Wait until the leases are read again: after an outage nobody is believed dead, or alive, at once."""
    while (await look(api))[0]["status"] != "ok":  # noqa: ASYNC110 -- a lease rings no bell
        await asyncio.sleep(0.1)
