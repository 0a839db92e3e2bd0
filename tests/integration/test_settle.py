"""Settling on a real Redis: all of it or nothing, only under the lock, and once however often it is tried."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.bull import Bull, BullQueue, read_taken
from aiplane.errors import LLMAuthError, LLMRateLimitedError, LLMUnavailableError, WorkerLostError
from aiplane.ledger.runs import Outcome, Runs
from aiplane.queues import QUEUES
from aiplane.redis.clients import connect
from bridges import settle
from bridges.job import read_job
from bridges.options import read_options
from bridges.settle import NextJob, Settled, Settler, is_json, with_job_id
from tests.support.taking import take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from bridges.job import Job
    from tests.support.redis_server import RedisServer

DONE = Outcome(result='{"hint": "Look at line 3."}', recorded=True)
UNAVAILABLE = Outcome(error=LLMUnavailableError("The provider is away."), stacktrace="trace", recorded=True)
UNAUTHORISED = Outcome(error=LLMAuthError("The key is wrong."), stacktrace="trace", recorded=True)


@dataclass
class Bench:
    """A queue, a settler and the means to look at what they did."""

    redis: Redis
    bull: Bull
    runs: Runs
    settler: Settler

    @property
    def queue(self) -> BullQueue:
        return self.bull.queue("q")

    async def taken(self, data: object = None, **options: Any) -> Job:
        """Add a job, take it, and open its run."""
        await self.queue.add("generate-hint", data or {"a": 1}, options=options)
        taken = await take(self.redis, self.queue)
        assert taken.job_id
        job = read_job(QUEUES["hint"], "q", taken.job_id, "token", taken.record)
        await self.runs.open(job.run, self.queue.lock_key(job.id), "token")
        return job

    async def taken_again(self, job: Job) -> Job:
        """Take the one job that waits, which was taken before."""
        taken = await take(self.redis, self.queue)
        assert taken.job_id == job.id
        return read_job(QUEUES["hint"], "q", job.id, "token", taken.record)

    async def failed(self, **options: Any) -> Job:
        """Add a job, and fail it for good."""
        job = await self.taken(**options)
        await self.settler.settle(job, UNAUTHORISED)
        return job

    async def retried(self, job: Job) -> Job:
        """Let a failed job wait again as BullMQ does, and take it."""
        async with self.redis.pipeline(transaction=True) as pipe:
            script = self.queue.reprocessing(job.id, lifo=False)
            script._replace(arguments=[*script.arguments[:4], "0", "0"]).stage(pipe)
            await pipe.execute()
        return await self.taken_again(job)

    def succession(self) -> NextJob:
        """Take the next job with the token ``next``."""

        def read(answer: object) -> Job | None:
            taken = read_taken(answer)
            return read_job(QUEUES["hint"], "q", taken.job_id, "next", taken.record) if taken.job_id else None

        return NextJob(self.queue.taking("next", worker="test"), read)

    async def jobs(self, queue: str) -> list[dict[str, str]]:
        ids = await self.redis.lrange(f"bull:{queue}:wait", 0, -1)
        return [await self.redis.hgetall(f"bull:{queue}:{job_id}") for job_id in ids]

    async def left_behind(self) -> list[str]:
        return sorted(await self.redis.keys("aiplane:*")) + sorted(await self.redis.keys("bull:q:*:lock"))


@pytest.fixture
async def bench(redis_server: RedisServer) -> AsyncIterator[Bench]:
    redis = connect(redis_server.url)
    await redis.flushdb()
    await redis.script_flush()
    bull, runs = Bull(redis), Runs(redis, "bull")
    await bull.load_scripts()
    yield Bench(redis, bull, runs, Settler(bull, runs))
    await redis.aclose()


async def test_a_result_and_the_completion_come_together(bench: Bench) -> None:
    job = await bench.taken()
    assert (await bench.settler.settle(job, DONE)).settled is Settled.COMPLETED
    assert await bench.queue.state(job.id) == "completed"
    record = await bench.queue.record(job.id)
    [result] = await bench.jobs("q.results")
    assert (
        json.loads(record["returnvalue"])
        == json.loads(result["data"])
        == {"jobId": job.id, "hint": "Look at line 3."}
    )
    assert result["name"] == "hint-result"
    assert record["atm"] == "1"
    assert await bench.left_behind() == []


async def test_a_result_carries_the_contracts_options_and_the_trace_on(bench: Bench) -> None:
    job = replace(await bench.taken(), trace="00-abc")
    await bench.settler.settle(job, DONE)
    [result] = await bench.jobs("q.results")
    options = json.loads(result["opts"])
    assert options["attempts"] == 3
    assert options["backoff"] == {"type": "exponential", "delay": 1500}
    assert options["removeOnComplete"] == 100
    assert options["removeOnFail"] is False
    assert options["tm"] == "00-abc"


async def test_a_trace_that_cannot_be_written_costs_no_result(bench: Bench) -> None:
    job = await bench.taken()
    options = read_options('{"tm": "{\\ud800}"}')
    settlement = await bench.settler.settle(replace(job, options=options, trace=options.trace), DONE)
    assert settlement.settled is Settled.COMPLETED


async def test_settling_again_changes_nothing(bench: Bench) -> None:
    job = await bench.taken()
    await bench.settler.settle(job, DONE)
    assert (await bench.settler.settle(job, DONE)).settled is Settled.LOST
    assert len(await bench.jobs("q.results")) == 1


@pytest.mark.parametrize("outcome", [DONE, UNAVAILABLE, UNAUTHORISED], ids=["result", "retry", "failure"])
async def test_without_the_lock_nothing_is_settled(bench: Bench, outcome: Outcome) -> None:
    job = await bench.taken()
    await bench.redis.set(bench.queue.lock_key(job.id), "another's")
    assert (await bench.settler.settle(job, outcome)).settled is Settled.LOST
    assert await bench.queue.state(job.id) == "active"
    assert await bench.jobs("q.results") == await bench.jobs("q.dlq") == []
    assert await bench.redis.exists(bench.runs.key(job.run))


async def test_a_job_that_was_removed_gives_no_result(bench: Bench) -> None:
    job = await bench.taken()
    await bench.redis.lrem(bench.queue.key("active"), 1, job.id)
    assert (await bench.settler.settle(job, DONE)).settled is Settled.LOST
    assert await bench.jobs("q.results") == []


async def test_a_failure_with_attempts_left_waits_for_the_next(bench: Bench) -> None:
    job = await bench.taken(attempts=3, backoff={"type": "exponential", "delay": 700})
    assert (await bench.settler.settle(job, UNAVAILABLE)).settled is Settled.RETRIED
    record = await bench.queue.record(job.id)
    assert await bench.queue.state(job.id) == "delayed"
    assert (record["atm"], record["delay"]) == ("1", "700")
    assert record["failedReason"] == "llm_unavailable: The provider is away."
    assert json.loads(record["stacktrace"]) == ["trace"]
    assert await bench.left_behind() == []


async def test_a_retry_without_delay_waits_at_once(bench: Bench) -> None:
    job = await bench.taken(attempts=2, backoff=0)
    assert (await bench.settler.settle(job, UNAVAILABLE)).settled is Settled.RETRIED
    assert await bench.queue.state(job.id) == "waiting"
    assert (await bench.queue.record(job.id))["atm"] == "1"


async def test_the_last_attempt_ends_in_the_failed_set_and_the_dead_letters(bench: Bench) -> None:
    job = replace(await bench.taken(attempts=3), attempts_made=2)
    assert (await bench.settler.settle(job, UNAVAILABLE)).settled is Settled.FAILED
    assert await bench.queue.state(job.id) == "failed"
    [letter] = [json.loads(each["data"]) for each in await bench.jobs("q.dlq")]
    assert letter.keys() == {
        "jobId", "name", "data", "opts", "failedReason", "code", "attemptsMade", "stacktrace", "failedAt",
    }  # fmt: skip
    assert letter["data"] == {"a": 1}
    assert letter["opts"]["attempts"] == 3
    assert (letter["jobId"], letter["code"], letter["attemptsMade"]) == (job.id, "llm_unavailable", 3)
    assert await bench.jobs("q.results") == []


async def test_a_job_that_completes_after_a_failed_attempt_has_no_reason_of_failure(bench: Bench) -> None:
    job = await bench.taken(attempts=3, backoff=0)
    await bench.settler.settle(job, UNAVAILABLE)
    await bench.settler.settle(await bench.taken_again(job), DONE)
    record = await bench.queue.record(job.id)
    assert await bench.queue.state(job.id) == "completed"
    assert "failedReason" not in record
    assert json.loads(record["stacktrace"]) == ["trace"]


async def test_a_retried_job_that_completes_has_no_dead_letter(bench: Bench) -> None:
    job = await bench.failed(attempts=1)
    await bench.settler.settle(await bench.retried(job), DONE)
    assert await bench.queue.state(job.id) == "completed"
    assert await bench.jobs("q.dlq") == []
    assert not {"failedReason", "deadLetter"} & (await bench.queue.record(job.id)).keys()


async def test_a_retried_job_that_fails_again_has_its_last_dead_letter(bench: Bench) -> None:
    job = await bench.failed(attempts=1)
    await bench.settler.settle(await bench.retried(job), UNAVAILABLE)
    [letter] = [json.loads(each["data"]) for each in await bench.jobs("q.dlq")]
    assert (letter["jobId"], letter["code"], letter["attemptsMade"]) == (job.id, "llm_unavailable", 2)


async def test_a_retried_job_keeps_its_dead_letter_while_it_may_still_fail(bench: Bench) -> None:
    job = await bench.failed(attempts=5)
    await bench.settler.settle(await bench.retried(job), UNAVAILABLE)
    assert await bench.queue.state(job.id) == "delayed"
    assert [json.loads(each["data"])["code"] for each in await bench.jobs("q.dlq")] == ["llm_auth"]


async def test_the_letters_of_other_jobs_are_left_alone(bench: Bench) -> None:
    other, job = await bench.failed(attempts=1), await bench.failed(attempts=1)
    named = await bench.redis.hget(bench.queue.key(other.id), "deadLetter")
    await bench.redis.hset(bench.queue.key(job.id), "deadLetter", named or "")
    await bench.settler.settle(await bench.retried(job), DONE)
    assert {json.loads(each["data"])["jobId"] for each in await bench.jobs("q.dlq")} == {other.id, job.id}


async def test_a_letter_that_somebody_reads_holds_up_no_settlement(bench: Bench) -> None:
    job = await bench.failed(attempts=1)
    letter = await take(bench.redis, bench.bull.queue("q.dlq"), "a reader")
    assert letter.job_id
    retried = await bench.retried(job)
    assert (await bench.settler.settle(retried, UNAVAILABLE)).settled is Settled.FAILED
    assert [json.loads(each["data"])["code"] for each in await bench.jobs("q.dlq")] == ["llm_unavailable"]


@pytest.mark.parametrize(
    ("backoff", "retry_after", "delay"),
    [(0, 1.5, 1500), (700, 0.2, 700), (700, None, 700), (0, 600.0, 120_000), (200_000, 600.0, 200_000)],
)
async def test_a_retry_waits_as_long_as_the_provider_asks(
    bench: Bench, backoff: int, retry_after: float | None, delay: int
) -> None:
    job = await bench.taken(attempts=3, backoff=backoff)
    error = LLMRateLimitedError("The provider answered 429.", retry_after=retry_after)
    recorded = Outcome.from_json(Outcome(error=error).to_json())
    assert (await bench.settler.settle(job, recorded)).settled is Settled.RETRIED
    assert await bench.queue.state(job.id) == "delayed"
    assert (await bench.queue.record(job.id))["delay"] == str(delay)


async def test_what_no_retry_can_mend_fails_at_once(bench: Bench) -> None:
    job = await bench.taken(attempts=5)
    assert (await bench.settler.settle(job, UNAUTHORISED)).settled is Settled.FAILED
    record = await bench.queue.record(job.id)
    assert record["failedReason"] == "llm_auth: The key is wrong."
    assert record["atm"] == "1"


async def test_a_reason_that_cannot_be_written_as_it_is_fails_the_job_all_the_same(bench: Bench) -> None:
    job = await bench.taken(attempts=1)
    outcome = Outcome(error=LLMAuthError("The key is \ud800."), stacktrace="\ud800", recorded=True)
    assert (await bench.settler.settle(job, outcome)).settled is Settled.FAILED
    assert (await bench.queue.record(job.id))["failedReason"] == "llm_auth: The key is ?."
    [letter] = await bench.jobs("q.dlq")
    assert json.loads(letter["data"])["code"] == "llm_auth"


@pytest.mark.parametrize("stored", ["{not json", "NaN", '"\\ud83d"', "7"])
async def test_a_dead_letter_holds_the_data_whatever_it_was(bench: Bench, stored: str) -> None:
    job = await bench.taken()
    await bench.redis.hset(bench.queue.key(job.id), "data", stored)
    await bench.settler.settle(job, UNAUTHORISED)
    [letter] = [json.loads(each["data"]) for each in await bench.jobs("q.dlq")]
    assert letter["data"] == (json.loads(stored) if is_json(stored) else stored)


async def test_a_verdict_yields_to_an_outcome_that_came_in_meanwhile(bench: Bench) -> None:
    job = await bench.taken()
    await bench.redis.hset(bench.runs.key(job.run), mapping={"claim": "c", "outcome": '{"result":{}}'})
    lost = Outcome(error=WorkerLostError("It died."))
    assert (await bench.settler.settle(job, lost)).settled is Settled.CHANGED
    assert await bench.queue.state(job.id) == "active"


async def test_an_outcome_that_was_heard_counts_if_the_ledger_holds_it(bench: Bench) -> None:
    job = await bench.taken()
    outcome = replace(DONE, heard=hashlib.sha1(DONE.to_json().encode()).hexdigest())
    assert (await bench.settler.settle(job, outcome)).settled is Settled.CHANGED
    await bench.redis.hset(bench.runs.key(job.run), mapping={"claim": "c", "outcome": '{"result":{}}'})
    assert (await bench.settler.settle(job, outcome)).settled is Settled.CHANGED
    assert await bench.queue.state(job.id) == "active"
    await bench.redis.hset(bench.runs.key(job.run), "outcome", DONE.to_json())
    assert (await bench.settler.settle(job, outcome)).settled is Settled.COMPLETED


@pytest.mark.parametrize("outcome", [DONE, UNAVAILABLE, UNAUTHORISED], ids=["result", "retry", "failure"])
async def test_the_next_job_is_taken_with_the_settlement(bench: Bench, outcome: Outcome) -> None:
    job = await bench.taken()
    await bench.queue.add("generate-hint", {"b": 2})
    settlement = await bench.settler.settle(job, outcome, bench.succession)
    assert settlement.successor is not None
    assert await bench.queue.state(settlement.successor.id) == "active"
    assert await bench.redis.get(bench.queue.lock_key(settlement.successor.id)) == "next"
    assert await bench.queue.state(job.id) != "active"


@pytest.mark.parametrize("strange", ["next job", "paused list"])
async def test_what_others_have_written_does_not_undo_a_settlement(bench: Bench, strange: str) -> None:
    job = await bench.taken()
    waiting = await bench.queue.add("generate-hint", {"b": 2})
    if strange == "next job":
        await bench.redis.hset(bench.queue.key(waiting), "ats", "many")
    else:
        await bench.redis.hset("bull:q.results:meta", "paused", "1")
        await bench.redis.set("bull:q.results:paused", "no list")
    settlement = await bench.settler.settle(job, DONE, bench.succession)
    assert settlement.settled is Settled.COMPLETED
    assert (settlement.successor is None) == (strange == "next job")
    assert not await bench.redis.exists(bench.runs.key(job.run))
    assert len(await bench.jobs("q.results")) == 1


async def test_where_nothing_waits_nobody_succeeds(bench: Bench) -> None:
    job = await bench.taken()
    assert await bench.settler.settle(job, DONE, bench.succession) == (Settled.COMPLETED, None)


async def test_a_job_that_is_not_settled_has_no_successor(bench: Bench) -> None:
    job = await bench.taken()
    waiting = await bench.queue.add("generate-hint", {"b": 2})
    await bench.redis.set(bench.queue.lock_key(job.id), "another's")
    assert await bench.settler.settle(job, DONE, bench.succession) == (Settled.LOST, None)
    assert await bench.queue.state(waiting) == "waiting"


async def test_an_unclaimed_job_can_be_handed_back_and_no_attempt_is_counted(bench: Bench) -> None:
    job = await bench.taken()
    assert await bench.settler.hand_back(job) is Settled.HANDED_BACK
    assert await bench.queue.state(job.id) == "waiting"
    assert "atm" not in await bench.queue.record(job.id)
    assert await bench.left_behind() == []


async def test_a_claimed_job_is_not_handed_back(bench: Bench) -> None:
    job = await bench.taken()
    await bench.redis.hset(bench.runs.key(job.run), "claim", "c")
    assert await bench.settler.hand_back(job) is Settled.CHANGED
    assert await bench.queue.state(job.id) == "active"


async def test_a_flushed_script_cache_is_filled_again(bench: Bench) -> None:
    job = await bench.taken()
    await bench.redis.script_flush()
    assert (await bench.settler.settle(job, DONE)).settled is Settled.COMPLETED
    assert len(await bench.jobs("q.results")) == 1


async def test_a_job_with_unfinished_children_is_not_completed(bench: Bench) -> None:
    job = await bench.taken(attempts=1)
    await bench.redis.sadd(f"{bench.queue.key(job.id)}:dependencies", "bull:other:1")
    assert (await bench.settler.settle(job, DONE)).settled is Settled.FAILED
    assert await bench.jobs("q.results") == []


async def test_while_the_result_queue_is_broken_the_job_waits_to_be_settled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaints: asyncio.Queue[str] = asyncio.Queue()
    monkeypatch.setattr(settle.log, "warning", lambda text, *args: complaints.put_nowait(text % args))
    job = await bench.taken()
    await bench.redis.set("bull:q.results:wait", "not a list")
    settling = asyncio.create_task(bench.settler.settle(job, DONE))
    complaint = await asyncio.wait_for(complaints.get(), 5)
    assert "bull:q.results:wait is not a list" in complaint
    assert await bench.queue.state(job.id) == "active"
    await bench.redis.delete("bull:q.results:wait")
    assert (await settling).settled is Settled.COMPLETED
    assert len(await bench.jobs("q.results")) == 1


@pytest.mark.parametrize(
    ("result", "expected"),
    [("{}", {"jobId": "7"}), (' {"a":1}', {"jobId": "7", "a": 1}), ('{ "a" : {} }', {"jobId": "7", "a": {}})],
)
def test_the_id_joins_the_result(result: str, expected: dict[str, Any]) -> None:
    assert json.loads(with_job_id(result, "7")) == expected
