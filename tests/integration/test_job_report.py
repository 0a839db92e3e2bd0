"""The story of a job on a real Redis: who holds it, who runs it, and what is left of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.bull import Bull, BullQueue, new_token
from aiplane.cli.operators.job import to_json
from aiplane.errors import LLMUnavailableError
from aiplane.ledger.leases import LeaseSnapshot, Member
from aiplane.ledger.runs import Outcome, Runs
from aiplane.operations.job_report import JobReport, tell
from aiplane.queues import QUEUES
from aiplane.redis.clients import connect
from bridges.job import read_job
from bridges.settle import Settler
from tests.support.taking import take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from bridges.job import Job
    from tests.support.redis_server import RedisServer

BRIDGE = Member("b", "bridge", "host", 1)
POOL = Member("p", "pool", "hint@host", 2, "hint", 5)


@dataclass
class Bench:
    """A queue, and the means to move its jobs."""

    redis: Redis
    bull: Bull
    runs: Runs

    @property
    def queue(self) -> BullQueue:
        return self.bull.queue("q")

    async def taken(self, token: str, **options: Any) -> Job:
        await self.queue.add("generate-hint", {"secret": 1}, options=options)
        taken = await take(self.redis, self.queue, token)
        assert taken.job_id
        return read_job(QUEUES["hint"], "q", taken.job_id, token, taken.record)

    async def report(self, job_id: str, *, silent_ms: int = 0) -> JobReport:
        """Read a job's story while bridge and pool have been silent for so long."""
        seconds, micros = await self.redis.time()
        now = seconds * 1000 + micros // 1000
        seen = {each.id: (each, now - silent_ms) for each in (BRIDGE, POOL)}
        report = await tell(self.redis, self.bull, LeaseSnapshot(now, 0, seen), "q", job_id)
        assert report
        return report


@pytest.fixture
async def bench(redis_server: RedisServer) -> AsyncIterator[Bench]:
    redis = connect(redis_server.url)
    await redis.flushdb()
    bull = Bull(redis)
    await bull.load_scripts()
    yield Bench(redis, bull, Runs(redis, "bull"))
    await redis.aclose()


async def test_there_is_no_story_without_a_job(bench: Bench) -> None:
    await bench.queue.add("x", {})
    for job_id in ("99", "meta", "wait"):
        assert await tell(bench.redis, bench.bull, LeaseSnapshot(0, 0, {}), "q", job_id) is None


async def test_a_job_that_waits_has_waited_until_now(bench: Bench) -> None:
    job = await bench.queue.add("x", {}, options={"timestamp": 1_000, "attempts": 5})
    report = await bench.report(job)
    assert (report.state, report.attempts_made, report.attempts) == ("waiting", 0, 5)
    assert report.waited_ms == report.times.now - 1_000
    assert (report.ran_ms, report.lock, report.run) == (None, None, None)


async def test_the_lock_names_its_bridge_and_whether_it_lives(bench: Bench) -> None:
    job = await bench.taken(new_token(BRIDGE.id))
    for silent_ms, lives in ((0, True), (6_000, False)):
        lock = (await bench.report(job.id, silent_ms=silent_ms)).lock
        assert lock
        assert (lock.bridge, lock.node, lock.lives) == (BRIDGE.id, "host", lives)
        assert 20_000 < lock.ttl_ms <= 30_000


async def test_another_kind_of_worker_is_no_bridge(bench: Bench) -> None:
    lock = (await bench.report((await bench.taken("node's own")).id)).lock
    assert lock
    assert (lock.bridge, lock.node, lock.lives) == (None, "", False)


async def test_the_run_is_told_from_sent_to_its_outcome(bench: Bench) -> None:
    job = await bench.taken(new_token(BRIDGE.id))
    await bench.runs.open(job.run, bench.queue.lock_key(job.id), job.token)
    run = (await bench.report(job.id)).run
    assert run
    assert (run.claimed, run.pool, run.outcome) == (None, "", None)

    entry = bench.runs.key(job.run)
    await bench.redis.hset(entry, mapping={"claim": "c", "worker": POOL.id, "claimed": run.sent + 5})
    run = (await bench.report(job.id)).run
    assert run
    assert (run.claimed, run.pool, run.lives, run.outcome) == (run.sent + 5, "hint@host", True, None)
    run = (await bench.report(job.id, silent_ms=13_000)).run
    assert run
    assert not run.lives

    for outcome, word in (
        (Outcome(result='{"hint":"x"}').to_json(), "result"),
        (Outcome(error=LLMUnavailableError("Away.")).to_json(), "llm_unavailable"),
        ('{"error":7}', "unreadable"),
        ("[" * 9999, "unreadable"),
    ):
        await bench.redis.hset(entry, "outcome", outcome)
        run = (await bench.report(job.id)).run
        assert run
        assert run.outcome == word


async def test_a_failed_job_has_its_reason_and_its_letter(bench: Bench) -> None:
    job = await bench.taken("token", attempts=1)
    await bench.runs.open(job.run, bench.queue.lock_key(job.id), "token")
    outcome = Outcome(error=LLMUnavailableError("Away."), stacktrace="trace", recorded=True)
    await Settler(bench.bull, bench.runs).settle(job, outcome)
    report = await bench.report(job.id)
    assert (report.state, report.failed_reason, report.stacktrace) == (
        "failed",
        "llm_unavailable: Away.",
        "trace",
    )
    assert report.dead_letter == f"dead-{job.id}-{job.processed_on}"
    assert (report.result_job, report.lock, report.run) == (None, None, None)
    assert report.ran_ms is not None
    assert "secret" not in json.dumps(to_json(report))


async def test_a_job_that_is_to_be_tried_again_does_not_run_meanwhile(bench: Bench) -> None:
    job = await bench.taken("token", attempts=2, backoff={"type": "fixed", "delay": 60_000})
    await bench.runs.open(job.run, bench.queue.lock_key(job.id), "token")
    outcome = Outcome(error=LLMUnavailableError("Away."), recorded=True)
    await Settler(bench.bull, bench.runs).settle(job, outcome)
    report = await bench.report(job.id)
    assert (report.state, report.attempts_made, report.ran_ms) == ("delayed", 1, None)
    assert report.times.delay == 60_000


async def test_a_hostile_record_is_told_as_far_as_it_can_be(bench: Bench) -> None:
    hostile = {
        "data": "x",
        "opts": "[",
        "stacktrace": "7",
        "progress": "[" * 9999,
        "timestamp": "x",
        "atm": "-1",
    }
    await bench.redis.hset(bench.queue.key("h"), mapping=hostile)
    report = await bench.report("h")
    assert (report.state, report.stacktrace, report.progress) == ("unknown", None, None)
    assert (report.waited_ms, report.attempts) == (None, 3)
