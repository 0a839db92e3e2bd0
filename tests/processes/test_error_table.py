"""Each row of the table of failures, provoked over the wire: code, retries and their delays, dead letter.

Real processes, a real provider's client, and a server that misbehaves as each row asks.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.audio import recording as tone
from tests.support.jobs import Queue
from tests.support.processes import Plane, await_ready
from tests.support.provider import FakeProvider
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

HINT, REVIEW, INTERVIEW, TRANSCRIBE = (
    "ai.generate-hint", "ai.review-code", "ai.interview-response", "ai.transcribe",
)  # fmt: skip

SETTINGS = {
    "LLM_TIMEOUT_SECONDS": "1",
    "REVIEW_TIME_LIMIT_SECONDS": "0.5",
    "STT_MAX_AUDIO_SIZE_MB": "1",
}


def code(directive: str) -> str:
    return f"# [[provider: {directive}]]\ndef f():\n    return 1\n"


def hint(directive: str = "", **fields: Any) -> dict[str, Any]:
    given = {"problemDescription": "Add.", "currentCode": code(directive), "language": "python"}
    return {**given, "hintLevel": "gentle", **fields}


def review(directive: str) -> dict[str, Any]:
    return {"problemDescription": "Add.", "code": code(directive), "language": "python"}


def recording(content: bytes) -> dict[str, Any]:
    return {"mimeType": "audio/webm", "audioBase64": base64.b64encode(content).decode()}


PEER_INTERVIEW = {
    "problemDescription": "Add.", "currentCode": "", "conversationHistory": [], "roomMode": "peer",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What is sent, and what must become of it."""

    name: str
    code: str
    queue: str
    data: dict[str, Any] = field(repr=False)
    retried: bool


ROWS = [
    Row("no answer in time", "llm_timeout", HINT, hint("hang"), retried=True),
    Row("an answer that drips", "llm_timeout", HINT, hint("drip=0.2"), retried=True),
    Row("429", "llm_rate_limited", HINT, hint("status=429"), retried=True),
    Row("connection reset", "llm_unavailable", HINT, hint("reset"), retried=True),
    Row("408", "llm_unavailable", HINT, hint("status=408"), retried=True),
    Row("409", "llm_unavailable", HINT, hint("status=409"), retried=True),
    Row("500", "llm_unavailable", HINT, hint("status=500"), retried=True),
    Row("503", "llm_unavailable", HINT, hint("status=503"), retried=True),
    Row("an empty answer", "llm_invalid_response", HINT, hint("answer=empty"), retried=True),
    Row("an answer cut off", "llm_invalid_response", HINT, hint("answer=truncated"), retried=True),
    Row("an answer of another shape", "llm_invalid_response", HINT, hint("answer=not-schema"), retried=True),
    Row("a page of HTML", "llm_invalid_response", HINT, hint("answer=html"), retried=True),
    Row("401", "llm_auth", HINT, hint("status=401"), retried=False),
    Row("403", "llm_auth", HINT, hint("status=403"), retried=False),
    Row("400", "llm_request_rejected", HINT, hint("status=400"), retried=False),
    Row("404", "llm_request_rejected", HINT, hint("status=404"), retried=False),
    Row("content filter", "llm_request_rejected", HINT, hint("answer=filter"), retried=False),
    Row("a missing field", "invalid_payload", HINT, {"language": "python"}, retried=False),
    Row("a room of peers", "not_available_in_mode", INTERVIEW, PEER_INTERVIEW, retried=False),
    Row("no audio", "stt_failed", TRANSCRIBE, recording(b""), retried=False),
    Row(
        "503 to audio",
        "stt_failed",
        TRANSCRIBE,
        recording(tone("webm", comment="[[provider: status=503]]")),
        retried=False,
    ),
    Row("too much audio", "audio_too_large", TRANSCRIBE, recording(b"x" * 1_100_000), retried=False),
    Row("past the job's limit", "job_timeout", REVIEW, review("hang"), retried=True),
]  # fmt: skip


@pytest.fixture(scope="module")
def plane(redis_server: RedisServer, provider: FakeProvider) -> Iterator[Plane]:
    """A plane with short limits."""
    with Plane(redis_server.url, provider.base_url, env=SETTINGS) as running:
        yield running


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_the_row_holds(redis_server: RedisServer, plane: Plane, row: Row) -> None:
    async with Queue(redis_server.url, row.queue) as queue:
        job = await queue.add(row.data)
        if row.retried:
            for attempt, delay in enumerate((5_000, 10_000), start=1):
                await queue.event(job, "delayed", count=attempt)
                record = await queue.record(job)
                assert (record["delay"], record["atm"]) == (str(delay), str(attempt))
                assert record["failedReason"].startswith(f"{row.code}: ")
                await queue.promote(job)
        await queue.event(job, "failed")
        await assert_failed_for_good(queue, job, row.code, attempts=3 if row.retried else 1)


async def test_a_process_that_dies_costs_one_attempt(redis_server: RedisServer, plane: Plane) -> None:
    async with Queue(redis_server.url, INTERVIEW) as queue:
        job = await queue.add(PEER_INTERVIEW | {"roomMode": "ai", "currentCode": code("hang times=1")})
        await claimed(queue, job)
        plane.pools["interview"].kill()
        plane.pools["interview"] = plane.start("interview")
        await queue.event(job, "delayed", timeout_ms=20_000)
        record = await queue.record(job)
        assert (record["delay"], record["atm"]) == ("5000", "1")
        assert record["failedReason"] == "worker_lost: The process that ran the job died."
        await_ready(plane.pools["interview"])
        await queue.promote(job)
        await queue.event(job, "completed")


async def test_a_fault_of_ours_says_nothing_of_the_inside(redis_server: RedisServer, plane: Plane) -> None:
    async with Queue(redis_server.url, HINT) as queue:
        job = await queue.add(hint("delay=10"), attempts=1)
        run = await claimed(queue, job)
        # What no worker writes: whoever has done that, the bridge must not pass it on.
        await queue.redis.hset(run, "outcome", "{secret")
        await queue.event(job, "failed")
        record = await assert_failed_for_good(queue, job, "internal_error", attempts=1)
        assert "secret" not in str(record)


async def test_without_a_provider_transcription_is_disabled(
    redis_server: RedisServer, provider: FakeProvider
) -> None:
    env = {"STT_PROVIDER": "none", "BULLMQ_PREFIX": "mute"}
    with Plane(redis_server.url, provider.base_url, env=env, kinds=["transcribe"]):
        async with Queue(redis_server.url, TRANSCRIBE, prefix="mute") as queue:
            job = await queue.add(recording(b"anything"))
            await queue.event(job, "failed")
            await assert_failed_for_good(queue, job, "stt_disabled", attempts=1)


async def test_a_provider_that_is_not_there_is_unavailable(redis_server: RedisServer) -> None:
    env = {"BULLMQ_PREFIX": "alone"}
    with Plane(redis_server.url, "http://127.0.0.1:9/v1", env=env, kinds=["hint"]):
        async with Queue(redis_server.url, HINT, prefix="alone") as queue:
            job = await queue.add(hint(), attempts=1)
            await queue.event(job, "failed")
            await assert_failed_for_good(queue, job, "llm_unavailable", attempts=1)


async def claimed(queue: Queue, job: str) -> str:
    """Return the key of a job's run once a worker has claimed it."""
    async with asyncio.timeout(30):
        while True:
            for key in await queue.redis.keys(f"aiplane:*run:{queue.name}|{job}|*"):
                if await queue.redis.hexists(key, "claim"):
                    return str(key)
            await asyncio.sleep(0.02)  # the ledger announces outcomes, not claims


async def assert_failed_for_good(queue: Queue, job: str, expected: str, *, attempts: int) -> dict[str, str]:
    record = await queue.record(job)
    letters, results = await queue.jobs_in("dlq"), await queue.jobs_in("results")
    assert await queue.state(job) == "failed"
    assert record["failedReason"].startswith(f"{expected}: ")
    assert record["atm"] == str(attempts)
    assert letters[job]["code"] == expected
    assert letters[job]["failedReason"] == record["failedReason"]
    assert letters[job]["attemptsMade"] == attempts
    assert len(letters[job]["stacktrace"]) == attempts
    assert job not in results
    return record
