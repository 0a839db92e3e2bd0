"""Events through two services that run as processes: told by one, heard by the other, and an end in time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.control_plane.test_events import Stream
from tests.control_plane.test_process import READY, start
from tests.support.api import Api, api_environment
from tests.support.stand_in import StandIn, living_pools

if TYPE_CHECKING:
    from tests.support.postgres_server import PostgresServer
    from tests.support.processes import Process
    from tests.support.redis_server import RedisServer


def speaking_to(process: Process) -> Api:
    url = process.wait_for_log(READY)[1]
    return Api(httpx2.AsyncClient(base_url=url, timeout=30), None)  # type: ignore[arg-type]  # it runs elsewhere


async def test_what_one_process_is_told_another_tells_on_and_resumes_after_the_first_died(
    postgres: PostgresServer, redis_server: RedisServer
) -> None:
    env = api_environment(postgres.url, redis_server.url)
    async with living_pools(redis_server.url), StandIn(redis_server.url, "interview") as worker:
        with start(env) as dying, start(env) as living:
            first, second = speaking_to(dying), speaking_to(living)
            room = await first.room()
            async with Stream(second, room) as stream:
                job = await first.asked(room, "message", {"message": "Two loops."})
                await stream.until("message", role="user", content="Two loops.")
            async with Stream(first, room) as stream:
                last = stream.began[0]
                dying.kill()
                with pytest.raises((httpx2.HTTPError, AssertionError)):
                    await stream.next()
            assert await worker.take() == job
            await worker.complete(job)
            async with Stream(second, room, after=last) as stream:
                assert stream.began[1] == {"resumed": True}
                seen = await stream.until("job", jobId=job, status="completed")
            said = [data["content"] for _, name, data in seen if name == "message"]
            assert said == ["What is its complexity?"]
            assert "weaknessSignals" not in str(seen)


async def test_a_process_that_stops_lets_go_of_who_listens_and_who_waits(
    postgres: PostgresServer, redis_server: RedisServer
) -> None:
    async with living_pools(redis_server.url):
        with start(api_environment(postgres.url, redis_server.url)) as process:
            api = speaking_to(process)
            room = await api.room()
            job = await api.asked(room, "hint", {"hintLevel": "gentle"})
            async with Stream(api, room) as stream:
                waiting = asyncio.create_task(
                    api.call("GET", f"/rooms/{room}/ai/hint/{job}", params={"wait": 25})
                )
                await asyncio.sleep(0.3)  # for the look to wait; nothing tells that it does
                began = time.monotonic()
                process.terminate()
                answer: Any = (await waiting).json()
                assert await stream.rest() == []
            assert answer == {"status": "queued"}
            assert process.wait() == 0
            assert time.monotonic() - began < 5
            assert "Traceback" not in process.tail()
