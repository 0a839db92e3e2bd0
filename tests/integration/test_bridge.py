"""A bridge in this process: what becomes of a job when the bridge itself fails on it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.bull import Bull
from aiplane.celery import app
from aiplane.ledger.claims import Claims
from aiplane.ledger.leases import LeaseStore, Member
from aiplane.ledger.runs import Outcome
from aiplane.queues import QUEUES
from aiplane.redis.clients import connect, connect_thread
from aiplane.settings import Settings
from bridges.bridge import Bridge
from bridges.settle import Settler
from tests.support.journal import Journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import redis
    import redis.asyncio

    from tests.support.redis_server import RedisServer

HINT = QUEUES["hint"]
POOL = Member("a-pool", "pool", "host", 1, "hint", 1)


class Bench:
    """A bridge that serves, and this test as its pool of one slot."""

    def __init__(self, pool: redis.Redis, client: redis.asyncio.Redis, journal: Journal) -> None:
        self._redis = pool
        self.queue = Bull(client).queue(HINT.name)
        self.journal = journal

    async def run(self, outcome: Outcome) -> str:
        """Add a job, run it as a pool does, and return its id."""
        job = await self.queue.add(HINT.job_name, {}, options={"attempts": 1})
        await asyncio.to_thread(self._run, outcome)
        return job

    def _run(self, outcome: Outcome) -> None:
        _, message = self._redis.blpop(["aiplane:bull:celery:hint"], 10)
        claims = Claims(self._redis, "bull", POOL.id)
        run = next(key for key in self._redis.scan_iter("aiplane:bull:run:*")).removeprefix(
            "aiplane:bull:run:"
        )
        assert run in message
        claim = claims.claim(run, HINT.name, run.split("|")[1], token="t")
        assert claim is not None
        assert claims.finish(claim, outcome)


@pytest.fixture
async def bench(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    settings = Settings.load({"REDIS_URL": redis_server.url})
    monkeypatch.setitem(app.__dict__, "settings", settings)
    with connect_thread(redis_server.url) as pool:
        pool.flushdb()
        LeaseStore(pool, "bull").renew(POOL)
        bridge = Bridge(settings)
        async with connect(redis_server.url) as client, Journal(redis_server.url, [HINT.name]) as journal:
            serving = asyncio.create_task(bridge.run(grace=0))
            yield Bench(pool, client, journal)
            bridge.stop()
            await serving


DONE = Outcome(result='{"hint": "Look at line 3."}')


async def test_what_cannot_be_settled_as_it_is_fails_and_is_not_tried_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def completion(*_: Any) -> Any:
        nonlocal tries
        tries += 1
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Settler, "_completion", completion)
    job = await bench.run(DONE)
    event = await bench.journal.event(HINT.name, job, "failed")
    assert event.fields["failedReason"].startswith("internal_error: ")
    assert tries == 2


async def test_a_fault_that_passes_costs_a_recorded_outcome_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    completion, tries = Settler._completion, 0

    async def failing_once(*arguments: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise RuntimeError("a fault of ours")
        return await completion(*arguments)

    monkeypatch.setattr(Settler, "_completion", failing_once)
    job = await bench.run(DONE)
    await bench.journal.event(HINT.name, job, "completed")
    assert (await bench.queue.record(job))["atm"] == "1"
