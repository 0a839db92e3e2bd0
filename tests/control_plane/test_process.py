"""The command line: settings told at once, tables first, a start, a stop, and a death in the middle."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import httpx2
import pytest
import uvicorn

from control_plane.bell import Bell
from control_plane.server import SILENT_SECONDS, Server
from tests.support.api import Api, api_environment
from tests.support.postgres_server import PostgresServer
from tests.support.processes import Process
from tests.support.stand_in import StandIn, living_pools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_server import RedisServer

READY = r"control plane is ready at (http://\S+)"


@pytest.fixture
def empty() -> Iterator[PostgresServer]:
    with PostgresServer(migrated=False) as server:
        yield server


def start(env: dict[str, str], *arguments: str) -> Process:
    whole = {**os.environ, "API_PORT": "0", "LOG_LEVEL": "info", "PYTHONUNBUFFERED": "1", **env}
    return Process("api", [sys.executable, "-m", "control_plane", *arguments], env=whole)


def test_what_is_wrong_with_the_settings_is_told_at_once() -> None:
    with start({"DATABASE_URL": "", "JWT_SECRET": "short", "RATE_LIMIT_HINTS": "many"}) as api:
        assert api.wait() == 1
    said = "\n".join(api.lines)
    for variable in ("DATABASE_URL is missing", "JWT_SECRET must have", "RATE_LIMIT_HINTS must be"):
        assert variable in said
    assert "Traceback" not in said


def test_tables_come_first_and_can_be_taken_back(empty: PostgresServer) -> None:
    env = api_environment(empty.url)
    with start(env) as api:
        assert api.wait() == 1
        assert "python -m control_plane migrate" in api.tail()
    with start(env, "migrate") as migrating:
        assert migrating.wait() == 0
    with start(env) as api:
        url = api.wait_for_log(READY)[1]
        assert httpx2.get(f"{url}/health").json() == {"status": "ok"}
        api.terminate()
        api.wait()
        assert "Traceback" not in api.tail()
    with start(env, "migrate", "--to", "base") as back:
        assert back.wait() == 0
    assert empty.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]


def test_it_answers_probes_on_the_metrics_port(postgres: PostgresServer) -> None:
    with start(api_environment(postgres.url, METRICS_PORT="9640")) as api:
        port = api.wait_for_log(r"metrics can be scraped on port (\d+)")[1]
        api.wait_for_log(READY)
        answer = httpx2.get(f"http://127.0.0.1:{port}/healthz")
        assert (answer.status_code, answer.text) == (200, "it serves.\n")


async def test_a_loop_that_is_held_up_does_not_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    server, clock = Server(uvicorn.Config("none"), Bell("")), [100.0]
    monkeypatch.setattr("control_plane.server.time.monotonic", lambda: clock[0])
    assert server.complaint() == "it is starting."
    server.started = True
    await server.on_tick(1)
    clock[0] += SILENT_SECONDS
    assert server.complaint() == ""
    clock[0] += 1
    assert server.complaint() == "its loop has been held up for 6 s."
    await server.on_tick(2)
    assert server.complaint() == ""
    server.should_exit = True
    assert server.complaint() == "it is stopping."


async def test_what_was_accepted_outlives_the_process_that_accepted_it(
    postgres: PostgresServer, redis_server: RedisServer
) -> None:
    env = api_environment(postgres.url, redis_server.url, RATE_LIMIT_HINTS="1000/60")
    async with living_pools(redis_server.url), StandIn(redis_server.url) as worker:
        with start(env) as first, start(env) as second:
            urls = [each.wait_for_log(READY)[1] for each in (first, second)]
            clients = [httpx2.AsyncClient(base_url=url, timeout=30) for url in urls]
            dying, living = (Api(client, None) for client in clients)  # type: ignore[arg-type]  # its application is elsewhere
            room = await living.room()
            asking = [
                asyncio.create_task(dying.call("POST", f"/rooms/{room}/ai/hint", {"hintLevel": "gentle"}))
                for _ in range(60)
            ]
            await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            first.kill()
            await asyncio.wait(asking)
            answered = [task.result() for task in asking if not task.exception()]
            accepted = {each.json()["jobId"] for each in answered if each.status_code == 202}
            assert accepted
            rows = {str(job) for (job,) in postgres.query("SELECT id FROM jobs WHERE room_id = %s", room)}
            assert accepted <= rows
            for _ in rows:
                await worker.complete(await worker.take())
            for job in rows:
                assert (await living.ended(room, job))["status"] == "completed"
            for client in clients:
                await client.aclose()
    assert postgres.query("SELECT count(*) FROM outbox") == [(0,)]
