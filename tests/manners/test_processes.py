"""Servers' manners through the whole plane: a job over BullMQ, real pools, and what becomes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.manners.server import PlayedServer
from tests.manners.servers import SERVERS
from tests.support.jobs import Queue
from tests.support.processes import Plane, Process, plane_environment, procfile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_server import RedisServer

EXAMPLE = json.loads((Path(__file__).parents[2] / "examples" / "hint.json").read_text())
HINT = "ai.generate-hint"
GROQ = next(server for server in SERVERS if server.name == "Groq")


@pytest.fixture
def groq() -> Iterator[PlayedServer]:
    with PlayedServer(GROQ) as played:
        yield played


async def test_what_a_server_calls_malformed_is_asked_for_again_within_the_attempt(
    redis_server: RedisServer, groq: PlayedServer
) -> None:
    groq.scene, groq.times = "malformed", 1
    env = {**GROQ.settings(groq.base_url), "LLM_RESPONSE_FORMAT": "json_object"}
    with Plane(redis_server.url, groq.base_url, env=env, kinds=["hint"]):
        async with Queue(redis_server.url, HINT) as queue:
            job = await queue.add(EXAMPLE)
            await queue.event(job, "completed")

            assert (await queue.record(job))["atm"] == "1"
            assert len(groq.requests) == 2


async def test_a_provider_s_wish_for_a_pause_reaches_whoever_decides_about_the_retry(
    redis_server: RedisServer, groq: PlayedServer
) -> None:
    groq.scene = "rate limit"
    env = {**GROQ.settings(groq.base_url), "LLM_RESPONSE_FORMAT": "json_object", "BULLMQ_PREFIX": "limited"}
    with Plane(redis_server.url, groq.base_url, env=env, kinds=["hint"]):
        async with Queue(redis_server.url, HINT, prefix="limited") as queue:
            job = await queue.add(EXAMPLE)
            await queue.event(job, "delayed")
            record = await queue.record(job)

            assert record["failedReason"] == "llm_rate_limited: The provider answered 429: too many requests."
            assert int(record["delay"]) >= 8_000, "no sooner than the provider's Retry-After of 8 s"


def test_a_pool_does_not_start_behind_a_proxy_that_it_cannot_use(redis_server: RedisServer) -> None:
    env = plane_environment(redis_server.url, "http://127.0.0.1:9/v1") | {"ALL_PROXY": "socks4://s3cret:1"}
    with Process("hint", ["/bin/sh", "-c", f"exec {procfile()['hint']}"], env=env) as pool:
        assert pool.wait() != 0
        assert "ALL_PROXY cannot be used" in pool.tail()
        assert "s3cret" not in pool.tail()
        assert "Traceback" not in pool.tail()
