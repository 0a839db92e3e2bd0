"""Outcomes of jobs, whatever happens on the way: once, told truly, and never lost."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from control_plane import reconcile, relay
from control_plane.outcomes import Outcomes
from control_plane.relay import Relay
from tests.support.api import Api, api_environment, serving
from tests.support.stand_in import ANSWERS, StandIn, living_pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

HINT = {"hintLevel": "gentle"}


@pytest.fixture
async def env(postgres: PostgresServer, redis_server: RedisServer) -> AsyncIterator[dict[str, str]]:
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


async def look(api: Api, room: str, job: str) -> Any:
    return (await api.call("GET", f"/rooms/{room}/ai/hint/{job}")).json()


async def test_queued_running_completed(api: Api, worker: StandIn) -> None:
    room = await api.room()
    job = await api.asked(room, "hint", HINT)
    assert await look(api, room, job) == {"status": "queued"}
    assert await worker.take() == job
    assert await look(api, room, job) == {"status": "running"}
    waiting = asyncio.create_task(api.ended(room, job))
    await worker.complete(job)
    assert await asyncio.wait_for(waiting, 3) == {"status": "completed", "result": ANSWERS["hint"]}


async def test_failed_is_told_with_its_code_and_gives_the_quota_back(
    api: Api, worker: StandIn, postgres: PostgresServer
) -> None:
    room = await api.room()
    for _ in range(5):
        job = await api.asked(room, "hint", HINT)
        await worker.take()
        await worker.fail(job, "llm_auth: The provider refused the key.")
        failed = await api.ended(room, job)
        assert failed == {
            "status": "failed",
            "error": {"code": "llm_auth", "message": "The provider refused the key.", "retryable": False},
        }
    assert postgres.query("SELECT count(*) FROM jobs WHERE state = 'failed'") == [(5,)]


async def test_a_dead_job_that_an_operator_retried_completes(api: Api, worker: StandIn) -> None:
    room = await api.room()
    job = await api.asked(room, "hint", HINT)
    await worker.take()
    await worker.fail(job, "llm_timeout: Too slow.")
    assert (await api.ended(room, job))["status"] == "failed"
    await worker.deliver(job)
    await drained(worker)
    assert (await look(api, room, job))["status"] == "completed"


async def test_a_result_that_comes_twice_changes_nothing(
    env: dict[str, str], postgres: PostgresServer
) -> None:
    async with serving(env) as (api, _), StandIn(env["REDIS_URL"], "interview") as worker:
        room = await api.room()
        job = await api.asked(room, "message", {"message": "Two loops."})
        await worker.take()
        await worker.complete(job)
        first = await api.ended(room, job)
        other = {**ANSWERS["interview"], "message": "Something else?"}
        for number in range(3):
            await worker.deliver(job, other, result_id=f"again-{number}")
        await drained(worker)
        states = [await worker.results.state(f"again-{number}") for number in range(3)]
        assert states == ["completed"] * 3
        assert await api.ended(room, job) == first
    assert postgres.query("SELECT content FROM messages WHERE role = 'assistant'") == [
        ("What is its complexity?",)
    ]
    assert postgres.query("SELECT category FROM weakness_sightings") == [("time_complexity",)]


@pytest.mark.parametrize(
    "data", ["text", [], {}, {"jobId": 7}, {"jobId": "hint-unknown", "hint": "x"}, {"jobId": "a\u0000b"}]
)
async def test_what_is_no_result_of_ours_is_left_out(api: Api, worker: StandIn, data: Any) -> None:
    await worker.results.add("hint-result", data, job_id="strange", options={"attempts": 3})
    await drained(worker)
    assert await worker.results.state("strange") == "completed"


@pytest.mark.parametrize(
    "answer", [{"nothing": True}, {"hint": "", "hintLevel": "gentle"}, {"hint": 7, "hintLevel": "gentle"}]
)
async def test_an_answer_that_cannot_be_read_is_a_failure(api: Api, worker: StandIn, answer: Any) -> None:
    room = await api.room()
    job = await api.asked(room, "hint", HINT)
    await worker.take()
    await worker.complete(job, answer)
    ended = await api.ended(room, job)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "llm_invalid_response")


async def test_what_postgresql_cannot_store_in_an_answer_is_replaced(api: Api, worker: StandIn) -> None:
    room = await api.room()
    job = await api.asked(room, "hint", HINT)
    await worker.take()
    await worker.complete(job, {**ANSWERS["hint"], "hint": "a\u0000b", "more": ["\ud83d"]})
    assert (await api.ended(room, job))["result"]["hint"] == "a\ufffdb"


async def test_a_result_that_another_consumer_took_is_found(api: Api, worker: StandIn) -> None:
    room = await api.room()
    job = await api.asked(room, "hint", HINT)
    await worker.take()
    await worker.complete(job, deliver=False)
    assert (await look(api, room, job))["status"] == "running"
    await reconciler(api).go_through(0)
    assert await look(api, room, job) == {"status": "completed", "result": ANSWERS["hint"]}


async def test_a_job_that_redis_forgot_fails(api: Api, worker: StandIn) -> None:
    room = await api.room()
    job = await api.asked(room, "hint", HINT)
    await worker.take()
    await worker.redis.flushall()
    await reconciler(api).go_through(0)
    failed = await look(api, room, job)
    assert (failed["error"]["code"], failed["error"]["retryable"]) == ("worker_lost", True)


async def test_every_silent_job_is_asked_about(
    api: Api, worker: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "PAGE", 2)
    rooms = [await api.room() for _ in range(3)]
    jobs = [(room, await api.asked(room, "hint", HINT)) for room in rooms for _ in range(2)]
    for _ in jobs[:-1]:
        await worker.complete(await worker.take(), deliver=False)
    await reconciler(api).go_through(0)
    states = [(await look(api, room, job))["status"] for room, job in jobs]
    assert states == ["completed"] * 5 + ["queued"]


async def test_what_a_dead_process_left_in_the_outbox_is_sent_once(
    env: dict[str, str], postgres: PostgresServer, worker: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr(relay.Relay, "_send", dies)
        async with serving(env) as (api, _):
            room = await api.room()
            job = await api.asked(room, "hint", HINT)
            assert await look(api, room, job) == {"status": "queued"}
    assert postgres.query("SELECT job_id FROM outbox") == [(job,)]
    async with serving(env) as (api, _), serving(env) as _:
        assert await worker.take() == job
        await worker.complete(job)
        assert (await api.ended(room, job))["status"] == "completed"
    assert await worker.redis.llen(worker.queue.key("wait")) == 0


@pytest.mark.parametrize("largest", [relay.LARGEST_AT_ONCE, 0])
async def test_an_accepted_job_is_sent_at_once_and_a_large_one_from_the_outbox(
    env: dict[str, str],
    postgres: PostgresServer,
    worker: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    largest: int,
) -> None:
    looks = asyncio.Event()

    async def look(_: Relay) -> bool:
        looks.set()
        return False

    monkeypatch.setattr(relay, "LARGEST_AT_ONCE", largest)
    monkeypatch.setattr(relay, "LOOK_SECONDS", 60.0)
    async with serving(env) as (api, _):
        room = await api.room()
        if largest:
            monkeypatch.setattr(Relay, "send_batch", look)
        job = await api.asked(room, "hint", HINT)
        assert await worker.take() == job
        async with asyncio.timeout(10):
            while postgres.query("SELECT job_id FROM outbox"):  # noqa: ASYNC110 -- its removal is told to nobody
                await asyncio.sleep(0.02)
        assert not looks.is_set()


async def test_an_accepted_job_outlives_a_redis_that_dies(
    env: dict[str, str], redis_server: RedisServer, postgres: PostgresServer, worker: StandIn
) -> None:
    async with serving(env) as (api, app):
        room = await api.room()
        admitted = app.state.services.relay
        await admitted.__aexit__()
        job = await api.asked(room, "hint", HINT)
        redis_server.kill()
        assert not await admitted.send_batch()
        assert postgres.query("SELECT attempts FROM outbox") == [(1,)]
        redis_server.restart()
        async with admitted:
            assert await worker.take() == job


async def test_results_wait_for_a_database_that_is_away(
    api: Api, worker: StandIn, postgres: PostgresServer
) -> None:
    room = await api.room()
    job = await api.asked(room, "hint", HINT)
    await worker.take()
    postgres.kill()
    await worker.complete(job)
    await asyncio.sleep(0.5)
    postgres.restart()
    assert (await api.ended(room, job))["status"] == "completed"
    await drained(worker)
    assert json.loads((await worker.results.record(f"result-{job}")).get("atm", "0")) <= 1


async def test_two_services_tell_a_waiter_of_either(env: dict[str, str], worker: StandIn) -> None:
    async with serving(env) as (first, _), serving(env) as (second, _):
        room = await first.room()
        job = await first.asked(room, "hint", HINT)
        waiting = [asyncio.create_task(each.ended(room, job)) for each in (first, second)]
        await worker.complete(await worker.take())
        assert [each["status"] for each in await asyncio.wait_for(asyncio.gather(*waiting), 3)] == [
            "completed",
            "completed",
        ]


def reconciler(api: Api) -> reconcile.Reconciler:
    here = api.app.state.services
    return reconcile.Reconciler(here.database, here.client, Outcomes(here), 5)


async def drained(worker: StandIn) -> None:
    """Wait until no result waits or is being handled."""
    keys = [worker.results.key(name) for name in ("wait", "active")]
    while any([await worker.redis.llen(key) for key in keys]):  # noqa: ASYNC110 -- Redis rings no bell for it
        await asyncio.sleep(0.02)
