"""The Python side of the control plane against a real Redis; the other side is played by BullMQ's scripts."""

from __future__ import annotations

import asyncio
import json
import pickle
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import AuthenticationError

from aiplane.bull import Bull, JobHandle, check
from aiplane.client import Client, JobFailedError, JobNotEndedError, JobNotFoundError
from aiplane.redis.clients import connect
from aiplane.settings import Settings
from tests.support.taking import take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.redis_server import RedisServer

PAYLOAD = {"problemDescription": "Sum two numbers.", "currentCode": "", "language": "python"}
RESULT = {"hint": "What does + do? 🙂", "hintLevel": "gentle", "relatedConcepts": []}


class Worker:
    """Takes and settles jobs of the hint queue, as the bridge does."""

    def __init__(self, url: str) -> None:
        self.redis = connect(url)
        bull = Bull(self.redis)
        self.load_scripts = bull.load_scripts
        self.queue = bull.queue("ai.generate-hint")

    async def take(self, **keep: Any) -> JobHandle:
        taken = await take(self.redis, self.queue)
        assert taken.job_id
        return JobHandle(taken.job_id, "token", **keep)

    async def complete(self, job: JobHandle, result: object = RESULT) -> None:
        pipe = self.redis.pipeline(transaction=True)
        self.queue.completing(job, json.dumps(result)).stage(pipe)
        check((await pipe.execute())[0])

    async def fail(self, job: JobHandle, reason: str) -> None:
        pipe = self.redis.pipeline(transaction=True)
        self.queue.failing(job, reason, []).stage(pipe)
        check((await pipe.execute())[0])


@pytest.fixture
async def client(redis_server: RedisServer) -> AsyncIterator[Client]:
    redis_server.client.flushall()
    async with Client(Settings(redis_url=redis_server.url)) as client:
        yield client


@pytest.fixture
async def worker(redis_server: RedisServer) -> AsyncIterator[Worker]:
    worker = Worker(redis_server.url)
    await worker.load_scripts()
    yield worker
    await worker.redis.aclose()


@asynccontextmanager
async def listening(
    worker: Worker, client: Client, job_id: str
) -> AsyncIterator[asyncio.Task[dict[str, Any]]]:
    """Wait for a job in a task; the block begins when the task is listening to Redis."""
    async with worker.redis.monitor() as monitor:
        task = asyncio.create_task(client.wait("hint", job_id, timeout=30))
        async for command in monitor.listen():
            if command["command"].startswith("XREAD "):
                break
    yield task


async def test_a_job_is_added_as_a_node_producer_adds_it(client: Client, redis_server: RedisServer) -> None:
    job_id = await client.submit("hint", PAYLOAD, options={"attempts": 5, "removeOnFail": 10})

    record = redis_server.client.hgetall(f"bull:ai.generate-hint:{job_id}")
    assert record["name"] == "generate-hint"
    assert json.loads(record["data"]) == PAYLOAD
    assert json.loads(record["opts"]) == {"attempts": 5, "removeOnFail": 10}
    assert await client.state("hint", job_id) == "waiting"


async def test_the_settings_name_the_queue_and_the_prefix(redis_server: RedisServer) -> None:
    settings = Settings(redis_url=redis_server.url, bullmq_prefix="other", transcribe_queue="ai.speech")
    async with Client(settings) as client:
        job_id = await client.submit("transcribe", {})
    assert redis_server.client.hget(f"other:ai.speech:{job_id}", "name") == "transcribe"


async def test_an_id_of_ones_own_is_added_once(client: Client, redis_server: RedisServer) -> None:
    assert await client.submit("hint", PAYLOAD, job_id="room-1-hint-1") == "room-1-hint-1"
    assert (
        await client.submit("hint", {**PAYLOAD, "language": "go"}, job_id="room-1-hint-1") == "room-1-hint-1"
    )
    assert redis_server.client.lrange("bull:ai.generate-hint:wait", 0, -1) == ["room-1-hint-1"]
    assert json.loads(redis_server.client.hget("bull:ai.generate-hint:room-1-hint-1", "data")) == PAYLOAD


@pytest.mark.parametrize("job_id", ["", "12", "-3", "room:1"])
async def test_an_id_that_bullmq_refuses_is_refused_here(client: Client, job_id: str) -> None:
    with pytest.raises(ValueError, match="colon"):
        await client.submit("hint", PAYLOAD, job_id=job_id)


async def test_what_json_cannot_hold_is_not_sent(client: Client, redis_server: RedisServer) -> None:
    with pytest.raises(ValueError, match="JSON"):
        await client.submit("hint", {"score": float("nan")})
    with pytest.raises(TypeError):
        await client.submit("hint", {"code": b"bytes"})
    assert redis_server.client.keys() == []


async def test_a_delayed_job_is_delayed(client: Client) -> None:
    job_id = await client.submit("hint", PAYLOAD, options={"delay": 60_000})
    assert await client.state("hint", job_id) == "delayed"


async def test_the_result_of_a_completed_job(client: Client, worker: Worker) -> None:
    job_id = await client.submit("hint", PAYLOAD)
    await worker.complete(await worker.take())
    assert await client.state("hint", job_id) == "completed"
    assert await client.result("hint", job_id) == RESULT
    assert await client.wait("hint", job_id, timeout=5) == RESULT


async def test_the_reason_of_a_failed_job(client: Client, worker: Worker) -> None:
    job_id = await client.submit("hint", PAYLOAD)
    await worker.fail(await worker.take(), "llm_auth: The provider refused the key: check it.")

    with pytest.raises(JobFailedError) as failure:
        await client.result("hint", job_id)
    assert failure.value.code == "llm_auth"
    assert failure.value.sentence == "The provider refused the key: check it."
    assert failure.value.failed_reason == "llm_auth: The provider refused the key: check it."
    assert failure.value.attempts == 1


async def test_a_reason_without_a_code_of_ours_is_kept_whole(client: Client, worker: Worker) -> None:
    job_id = await client.submit("hint", PAYLOAD)
    await worker.fail(await worker.take(), "Error: job stalled")
    with pytest.raises(JobFailedError) as failure:
        await client.wait("hint", job_id, timeout=5)
    assert (failure.value.code, failure.value.sentence) == ("", "Error: job stalled")


async def test_a_job_that_runs_has_no_result_yet(client: Client, worker: Worker) -> None:
    job_id = await client.submit("hint", PAYLOAD)
    await worker.take()
    with pytest.raises(JobNotEndedError, match="active"):
        await client.result("hint", job_id)


async def test_a_job_that_does_not_exist_is_not_waited_for(client: Client) -> None:
    assert await client.state("hint", "none") == "unknown"
    with pytest.raises(JobNotFoundError, match="no hint job 'none'"):
        await client.result("hint", "none")
    with pytest.raises(JobNotFoundError):
        await client.wait("hint", "none", timeout=30)


async def test_waiting_ends_with_the_job(client: Client, worker: Worker) -> None:
    job_id = await client.submit("hint", PAYLOAD)
    async with listening(worker, client, job_id) as waiting:
        job = await worker.take()
        assert not waiting.done()
        await worker.complete(job)
        assert await asyncio.wait_for(waiting, 2) == RESULT


async def test_a_job_that_is_removed_as_it_ends_is_not_missed(client: Client, worker: Worker) -> None:
    job_id = await client.submit("hint", PAYLOAD)
    async with listening(worker, client, job_id) as waiting:
        await worker.complete(await worker.take(keep_completed=True))
        assert await worker.queue.record(job_id) == {}
        assert await asyncio.wait_for(waiting, 2) == RESULT


async def test_a_failure_is_heard_too(client: Client, worker: Worker) -> None:
    job_id = await client.submit("hint", PAYLOAD)
    async with listening(worker, client, job_id) as waiting:
        await worker.fail(await worker.take(), "stt_disabled: No provider is set.")
        with pytest.raises(JobFailedError, match="stt_disabled"):
            await asyncio.wait_for(waiting, 2)


async def test_many_waiters_share_one_connection_and_ask_for_nothing_twice(
    client: Client, worker: Worker, redis_server: RedisServer
) -> None:
    jobs = [await client.submit("hint", PAYLOAD) for _ in range(120)]
    waiting = [asyncio.create_task(client.wait("hint", job_id, timeout=30)) for job_id in jobs]
    async with listening(worker, client, jobs[0]) as first:
        names = [each["name"] for each in redis_server.client.client_list()]
        assert names.count("aiplane-client-events") == 1
        for number in range(len(jobs)):
            await worker.complete(await worker.take(), {"number": number})
        assert await asyncio.gather(*waiting) == [{"number": number} for number in range(len(jobs))]
        assert await first == {"number": 0}
    looks = redis_server.client.info("commandstats")["cmdstat_hgetall"]["calls"]
    assert looks <= 4 * len(jobs)


async def test_a_waiter_gives_up_in_time_and_the_job_does_not(client: Client, worker: Worker) -> None:
    job_id = await client.submit("hint", PAYLOAD)
    with pytest.raises(TimeoutError, match=r"has not ended within 0\.2 s"):
        await client.wait("hint", job_id, timeout=0.2)
    assert await client.state("hint", job_id) == "waiting"
    await worker.complete(await worker.take())
    assert await client.wait("hint", job_id, timeout=5) == RESULT


async def test_a_restart_of_redis_is_waited_out(
    client: Client, worker: Worker, redis_server: RedisServer
) -> None:
    job_id = await client.submit("hint", PAYLOAD)
    async with listening(worker, client, job_id) as waiting:
        redis_server.restart()
        await worker.load_scripts()
        assert not waiting.done()
        await worker.complete(await worker.take())
        assert await asyncio.wait_for(waiting, 10) == RESULT


async def test_a_refused_login_is_not_taken_for_an_outage(redis_server: RedisServer) -> None:
    url = redis_server.url.replace("redis://", "redis://:wrong@")
    async with Client(Settings(redis_url=url)) as client:
        with pytest.raises(AuthenticationError):
            await client.wait("hint", "1", timeout=30)


def test_a_failure_survives_pickling() -> None:
    failure = pickle.loads(pickle.dumps(JobFailedError("7", "llm_timeout: Too slow.", 3)))
    assert (failure.job_id, failure.code, failure.attempts) == ("7", "llm_timeout", 3)
