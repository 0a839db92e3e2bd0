"""Jobs that are nowhere are found, and none that is somewhere is accused."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from aiplane.bull import Bull
from aiplane.bull import lost_jobs as audit
from aiplane.bull.lost_jobs import Audit
from aiplane.cli import run
from aiplane.ledger.leases import LeaseSnapshot, Member
from aiplane.redis.clients import connect
from aiplane.redis.preflight import examine, foreign_workers
from aiplane.settings import Settings
from bridges import maintenance
from bridges.maintenance import Maintenance
from tests.support.taking import take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from bridges.adopt import Adoption
    from bridges.consumer import Source
    from tests.support.redis_server import RedisServer


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    client = connect(redis_server.url)
    await client.flushdb()
    yield client
    await client.aclose()


async def found(redis: Redis, name: str = "q", *, share: float = 1.0) -> list[str]:
    audit = Audit(redis, Bull(redis).queue(name), share=share)
    return sorted([job async for job in audit.lost_jobs()])


async def test_a_job_in_no_list_is_found(redis: Redis) -> None:
    queue = Bull(redis).queue("q")
    ids = [await queue.add("job", {}, job_id=f"job {number}") for number in range(3)]
    assert await found(redis) == []
    await redis.lrem(queue.key("wait"), 1, ids[1])
    assert await found(redis) == [ids[1]]


async def test_jobs_that_are_somewhere_are_not_accused(redis: Redis) -> None:
    queue = Bull(redis).queue("q")
    await queue.add("job", {}, options={"delay": 60_000})
    await queue.add("job", {}, options={"priority": 3})
    await queue.add("job", {}, job_id="with:colons:inside")
    await take(redis, queue)
    await redis.hset(queue.key("repeat:every-minute"), mapping={"data": "{}", "ic": "4"})
    await redis.rpush(queue.key("with:colons:inside:logs"), "a line")
    assert await found(redis) == []


async def test_many_that_wait_are_looked_for_together(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PAGE", 7)
    monkeypatch.setattr(audit, "AT_ONCE", 20)
    queue = Bull(redis).queue("q")
    ids = [await queue.add("job", {}) for _ in range(100)]
    await redis.config_resetstat()
    assert await found(redis) == []
    assert "cmdstat_lpos" not in await redis.info("commandstats")
    lost = sorted([ids[3], ids[50], ids[99]])
    for job in lost:
        await redis.lrem(queue.key("wait"), 1, job)
    assert await found(redis) == lost


async def test_it_lets_others_have_redis_for_most_of_the_time(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 7)
    queue = Bull(redis).queue("q")
    for _ in range(30):
        await queue.add("job", {})
    clock = itertools.count()
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    # By this clock each call takes a second.
    monkeypatch.setattr(audit, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(audit, "asyncio", SimpleNamespace(sleep=sleep))
    await redis.config_resetstat()
    await found(redis, share=0.2)
    calls = await redis.info("commandstats")
    asked = sum(calls[f"cmdstat_{name}"]["calls"] for name in ("scan", "evalsha", "lrange"))
    assert pauses == [4.0] * asked


async def test_the_jobs_of_another_queue_are_another_matter(redis: Redis) -> None:
    other = Bull(redis).queue("qq")
    job = await other.add("job", {})
    await redis.delete(other.key("wait"))
    assert await found(redis) == []
    assert await found(redis, "qq") == [job]


async def test_a_worker_that_is_no_bridge_is_named(redis: Redis, redis_server: RedisServer) -> None:
    queue = Bull(redis).queue("q")
    ours, named = (queue.worker_client_name(name) for name in ("host:bridge-1", "a-node-worker"))
    nameless = ours.partition(":w:")[0]
    clients = [connect(redis_server.url, name=name) for name in (ours, named, nameless)]
    for client in clients:
        await client.ping()
    assert await foreign_workers(redis, "bull", "q", ["bridge-1"]) == [nameless, named]
    for client in clients:
        await client.aclose()


@asynccontextmanager
async def connected(redis_server: RedisServer, worker: str) -> AsyncIterator[Redis]:
    """Hold the connection of a worker of the queue."""
    name = f"bull:{base64.b64encode(b'q').decode()}:w:{worker}"
    async with connect(redis_server.url, name=name) as client:
        await client.ping()
        yield client


def snapshot(*bridges: str) -> LeaseSnapshot:
    return LeaseSnapshot(0, 0, {each: (Member(each, "bridge", "vm", 1), 0) for each in bridges})


async def test_bridges_that_start_or_stop_together_do_not_take_each_other_for_strangers(
    redis: Redis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(maintenance.log, "warning", lambda text, *args: said.put_nowait(text % args))
    looked = asyncio.Event()

    async def look(*arguments: Any) -> list[str]:
        found = await foreign_workers(*arguments)
        looked.set()
        return found

    monkeypatch.setattr(maintenance, "foreign_workers", look)
    source = cast("Source", SimpleNamespace(name="q", queue=Bull(redis).queue("q")))
    ours = Maintenance(
        Settings.load({"REDIS_URL": redis_server.url}), redis, [source], cast("Adoption", None)
    )
    async with (
        connected(redis_server, "vm:starting"),
        connected(redis_server, "vm:stopping") as stopping,
        connected(redis_server, "node-worker"),
    ):
        # One has no lease yet in what was read last, the other none any more.
        ours.update(snapshot())
        looking = asyncio.create_task(ours.audit())
        await asyncio.wait_for(looked.wait(), 10)
        await stopping.aclose()
        for _ in range(2):
            await asyncio.sleep(0)
            ours.update(snapshot("starting"))
        assert "no bridge: bull:cQ==:w:node-worker." in await asyncio.wait_for(said.get(), 10)
        looking.cancel()
    assert said.empty()


async def test_a_redis_of_the_tests_own_is_fit(redis: Redis) -> None:
    assert await examine(redis) == []


async def test_the_command_names_them_and_its_status_tells(
    redis: Redis,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    results = Bull(redis).queue("ai.review-code.results")
    job = await results.add("job", {})
    assert await asyncio.to_thread(run, ["audit"]) == 0
    assert not any(json.loads(capfd.readouterr().out).values())
    await redis.delete(results.key("wait"))
    with pytest.raises(SystemExit, match="1"):
        await asyncio.to_thread(run, ["audit"])
    assert json.loads(capfd.readouterr().out)["ai.review-code.results"] == [job]
