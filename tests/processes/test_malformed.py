"""Hundreds of jobs that nobody should send: each ends with its reason, and good ones are served besides."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.jobs import Queue
from tests.support.processes import Plane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer

GOOD: dict[str, dict[str, Any]] = {
    "ai.generate-hint": {
        "problemDescription": "Add.", "currentCode": "", "language": "python", "hintLevel": "gentle",
    },
    "ai.review-code": {"problemDescription": "Add.", "code": "x = 1", "language": "python"},
    "ai.interview-response": {"problemDescription": "Add.", "currentCode": "", "conversationHistory": []},
}  # fmt: skip

STRANGE: list[Any] = [
    None,
    7,
    -1,
    1e308,
    True,
    "",
    "x" * 200_001,
    [],
    {},
    [[]],
    {"a": {}},
    ["x"] * 600,
    "\ud800" * 60_000,
]


@pytest.fixture(scope="module")
def plane(redis_server: RedisServer, provider: FakeProvider) -> Iterator[Plane]:
    """A plane without the pool that no test here needs."""
    with Plane(redis_server.url, provider.base_url, kinds=["hint", "review", "interview"]) as running:
        yield running


def wrong_payloads(good: dict[str, Any], count: int, chance: random.Random) -> list[Any]:
    """Return payloads that are wrong in a required field: missing, null, or of a strange value."""
    payloads: list[Any] = [None, [], "text", 7, {}]
    while len(payloads) < count:
        name = chance.choice(list(good))
        if chance.random() < 0.2:
            payloads.append({key: value for key, value in good.items() if key != name})
            continue
        value = chance.choice(STRANGE)
        if not acceptable(name, value):
            payloads.append({**good, name: value})
    return payloads


def acceptable(name: str, value: Any) -> bool:
    """Whether the contract allows the value: any short text for text, an empty list for a list of turns."""
    if name == "conversationHistory":
        return value == []
    return (isinstance(value, str) and name not in ("hintLevel", "language") and len(value) <= 120_000) or (
        isinstance(value, str) and name in ("code", "currentCode") and len(value) <= 200_000
    )


@pytest.mark.parametrize("name", GOOD)
async def test_wrong_payloads_fail_with_their_reason_and_the_next_good_job_is_served(
    redis_server: RedisServer, plane: Plane, name: str
) -> None:
    payloads = wrong_payloads(GOOD[name], 100, random.Random(name))
    async with Queue(redis_server.url, name) as queue:
        bad = [await queue.add(payload) for payload in payloads]
        good = await queue.add(GOOD[name])
        await queue.event(good, "completed", timeout_ms=60_000)
        for job, payload in zip(bad, payloads, strict=True):
            await queue.event(job, "failed")
            record = await queue.record(job)
            assert record["failedReason"].startswith("invalid_payload: "), str(payload)[:200]
            assert (record["atm"], record["ats"]) == ("1", "1")
        assert await queue.count("failed") == len(bad)
        assert set(await queue.jobs_in("dlq")) == set(bad)
        assert set(await queue.jobs_in("results")) == {good}


HASHES: list[Callable[[random.Random], dict[str, str]]] = [
    lambda _: {},
    lambda _: {"name": "no data"},
    lambda chance: {
        "data": chance.choice(["", "{", "NaN", "undefined", "[" * 50_000, '{"a":' * 2000, "\x00"])
    },
    lambda chance: {"data": "{}", "opts": chance.choice(["{", "[]", "null", "7", "NaN", "x"])},
    lambda chance: {"data": json.dumps(chance.choice([None, 7, [], "text"])), "timestamp": "yesterday"},
    lambda _: {"data": '"text"', "opts": '{"attempts": null}'},
    lambda _: {"data": "[]", "opts": '{"attempts": "3", "backoff": {"type": "moon"}}'},
    lambda _: {"data": "7", "atm": "many", "ats": "-", "stacktrace": "{", "priority": "high"},
    lambda _: {
        "data": "{}",
        "opts": '{"removeOnFail": "yes", "backoff": "soon", "repeat": 3}',
        "rjk": "nobody",
    },
    lambda _: {"data": "{}", "parent": "{", "opts": '{"fpof": 1}'},
]


async def test_malformed_hashes_fail_with_their_reason_and_none_is_looped_on(
    redis_server: RedisServer, plane: Plane
) -> None:
    chance = random.Random(4711)
    async with Queue(redis_server.url, "ai.generate-hint") as queue:
        failed_before = await queue.count("failed")
        bad = {f"raw-{uuid.uuid4()}": HASHES[number % len(HASHES)](chance) for number in range(100)}
        for job, fields in bad.items():
            await put(queue, job, fields)
        good = await queue.add(GOOD["ai.generate-hint"])
        await queue.event(good, "completed", timeout_ms=60_000)
        for job, fields in bad.items():
            await queue.event(job, "failed")
            record = await queue.record(job)
            assert record["failedReason"].startswith("invalid_payload: "), fields
            assert record.get("ats", "1") == "1", fields
        assert await queue.count("failed") - failed_before == len(bad)
        assert await queue.active() == 0
        assert await queue.redis.keys("aiplane:bull:run:*") == []


async def put(queue: Queue, job: str, fields: dict[str, str]) -> None:
    """Put a hash and its id into the queue without a producer's checks."""
    pipe = queue.redis.pipeline()
    if fields:
        pipe.hset(queue.queue.key(job), mapping=fields)
    pipe.lpush(queue.queue.key("wait"), job)
    pipe.zadd(queue.queue.key("marker"), {"0": 0})
    await pipe.execute()


async def test_nobody_waits_behind_a_flood_of_wrong_jobs(redis_server: RedisServer, plane: Plane) -> None:
    async with Queue(redis_server.url, "ai.review-code") as queue:
        for _ in range(50):
            await queue.add({"wrong": True})
        others = []
        for name, payload in GOOD.items():
            async with Queue(redis_server.url, name) as other:
                job = await other.add(payload)
                others.append(asyncio.create_task(other.event(job, "completed")))
                await others[-1]
        await asyncio.gather(*others)
