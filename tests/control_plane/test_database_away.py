"""PostgreSQL frozen and restarted: refusals in time, nothing accepted is lost, and a recovery by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from control_plane import database
from tests.support.api import Api, api_environment, serving
from tests.support.stand_in import StandIn, living_pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

HINT = {"hintLevel": "gentle"}
AT_ONCE = 30
"""More than a process has connections."""


@pytest.fixture
async def env(
    postgres: PostgresServer, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[dict[str, str]]:
    monkeypatch.setattr(database, "TRANSACTION_SECONDS", 1.0)
    monkeypatch.setattr(database, "CANCEL_SECONDS", 0.2)
    monkeypatch.setattr(database, "WAIT_SECONDS", 2.0)
    redis_server.client.flushall()
    postgres.empty()
    async with living_pools(redis_server.url):
        yield api_environment(postgres.url, redis_server.url)


@pytest.fixture
async def api(env: dict[str, str]) -> AsyncIterator[Api]:
    async with serving(env) as (api, _):
        yield api


@pytest.fixture
async def worker(env: dict[str, str]) -> AsyncIterator[StandIn]:
    async with StandIn(env["REDIS_URL"]) as worker:
        yield worker


async def ask(api: Api, room: str) -> Any:
    key = {"Idempotency-Key": "again"}
    return await api.call("POST", f"/rooms/{room}/ai/hint", HINT, headers=key)


async def test_a_frozen_postgresql_is_a_503_in_time_and_nothing_accepted_is_lost(
    api: Api, worker: StandIn, postgres: PostgresServer
) -> None:
    room = await api.room()
    before = await api.asked(room, "hint", HINT)
    await worker.take()
    await asyncio.gather(*(api.call("GET", f"/rooms/{room}/ai/messages") for _ in range(AT_ONCE)))
    postgres.stop()
    try:
        await worker.complete(before)
        # Without a second cancellation the driver waits for ten seconds more.
        async with asyncio.timeout(8):
            answers = await asyncio.gather(*(ask(api, room) for _ in range(AT_ONCE)))
        assert {(each.status_code, each.json()["code"]) for each in answers} == {
            (503, "database_unavailable")
        }
        assert all(int(each.headers["retry-after"]) > 0 for each in answers)
        assert (await api.call("GET", "/health/ai", user=None)).status_code == 200
    finally:
        postgres.cont()
    assert (await api.ended(room, before))["status"] == "completed"
    await accepted_once(api, room, worker)
    assert postgres.query("SELECT count(*) FROM jobs") == [(2,)]


async def test_a_postgresql_that_is_restarted_is_a_503_meanwhile_and_nothing_accepted_is_lost(
    api: Api, worker: StandIn, postgres: PostgresServer
) -> None:
    room = await api.room()
    before = await api.asked(room, "hint", HINT)
    await worker.take()
    postgres.kill()
    try:
        await worker.complete(before)
        answers = await asyncio.gather(*(ask(api, room) for _ in range(AT_ONCE)))
    finally:
        postgres.restart()
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(503, "database_unavailable")}
    assert all(int(each.headers["retry-after"]) > 0 for each in answers)
    assert (await api.ended(room, before))["status"] == "completed"
    await accepted_once(api, room, worker)
    assert postgres.query("SELECT count(*) FROM jobs") == [(2,)]


async def accepted_once(api: Api, room: str, worker: StandIn) -> None:
    """Ask for what was refused until it is accepted, and have it answered."""
    async with asyncio.timeout(20):
        while (answer := await ask(api, room)).status_code == 503:  # noqa: ASYNC110 -- a database rings no bell
            await asyncio.sleep(0.2)
    assert answer.status_code == 202
    job = answer.json()["jobId"]
    assert await worker.take() == job
    await worker.complete(job)
    assert (await api.ended(room, job))["status"] == "completed"
