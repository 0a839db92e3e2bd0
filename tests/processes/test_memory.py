"""What a pool keeps of its jobs: nothing, however they end."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from aiplane.queues import QUEUES
from tests.support.jobs import Queue
from tests.support.processes import Plane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.queues import Kind
    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer

MEGABYTE = 1024 * 1024

WARM_UP = 10
"""Jobs after which a pool's memory is as large as its slots at work make it."""

MOST_KEPT_MB = 150
"""Six recordings' worth: what an allocator does not give back of what five slots used at once."""

TURNS = [{"role": "user", "content": "a" * 20_000}] * 500
ASKED = {
    "problemDescription": "Add. [[provider: status=401]]",
    "language": "python",
    "currentCode": "x = 1\n" * 33_000,
    "code": "x = 1\n" * 33_000,
    "hintLevel": "gentle",
    "conversationHistory": TURNS,
}
SPOKEN = {"mimeType": "audio/wav"}
UNKNOWN = {"anything": "x" * 30 * MEGABYTE}

JOBS: dict[str, tuple[Kind, dict[str, Any], str]] = {
    "a microphone that sent nothing": (
        "transcribe",
        {**SPOKEN, "audioBase64": base64.b64encode(bytes(25 * MEGABYTE - 44)).decode()},
        "stt_failed",
    ),
    "a recording that is no base64": (
        "transcribe",
        {**SPOKEN, "audioBase64": "?" * 33 * MEGABYTE},
        "stt_failed",
    ),
    "a recording that is too large": (
        "transcribe",
        {**SPOKEN, "audioBase64": "A" * 40 * MEGABYTE},
        "audio_too_large",
    ),
    "a room of two people": (
        "transcribe",
        {**SPOKEN, "audioBase64": "A" * 33 * MEGABYTE, "roomMode": "peer"},
        "not_available_in_mode",
    ),
    "a hint that a provider refuses": ("hint", {**ASKED, **UNKNOWN}, "llm_auth"),
    "a hint without its code": ("hint", {**ASKED, **UNKNOWN, "currentCode": 7}, "invalid_payload"),
    "a review that a provider refuses": ("review", {**ASKED, **UNKNOWN}, "llm_auth"),
    "an interview that a provider refuses": ("interview", {**ASKED, "recentHints": TURNS}, "llm_auth"),
    "a model that writes no JSON": (
        "interview",
        {**ASKED, **UNKNOWN, "problemDescription": "Add. [[provider: answer=html]]"},
        "llm_invalid_response",
    ),
    "a hint that is given": ("hint", {**ASKED, **UNKNOWN, "problemDescription": "Add."}, ""),
    "an interview that goes on": ("interview", {**ASKED, **UNKNOWN, "problemDescription": "Add."}, ""),
}
"""Jobs of the largest sizes that the contract allows, each with the code that it ends with."""

COMMONEST = "a microphone that sent nothing"
"""It needs nobody's ill will. The others are gigabytes of payloads, and minutes: `make faults`."""

CASES = [pytest.param(name, marks=[] if name == COMMONEST else pytest.mark.slow, id=name) for name in JOBS]


@pytest.fixture(scope="module")
def plane(redis_server: RedisServer, provider: FakeProvider) -> Iterator[Plane]:
    with Plane(redis_server.url, provider.base_url) as running:
        yield running


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CASES)
async def test_nothing_of_a_job_outlives_it(plane: Plane, redis_server: RedisServer, name: str) -> None:
    kind, payload, code = JOBS[name]
    count = 50 if name == COMMONEST else 15
    pool = psutil.Process(plane.pools[kind].pid)
    async with Queue(redis_server.url, QUEUES[kind].name) as queue:
        await sent(queue, payload, code, WARM_UP)
        before = pool.memory_info().rss
        await sent(queue, payload, code, count)
        kept = (pool.memory_info().rss - before) / MEGABYTE

    print(f"{name}: {before / MEGABYTE:.0f} MB, and {kept:+.0f} MB after {count} more")
    assert kept < MOST_KEPT_MB


async def sent(queue: Queue, payload: dict[str, Any], code: str, count: int) -> None:
    """Have that many jobs done, five at a time, and leave nothing of them in Redis."""
    for at in range(0, count, 5):
        jobs = [
            await queue.add(payload, attempts=1, removeOnComplete=True, removeOnFail=True)
            for _ in range(min(5, count - at))
        ]
        for event in await asyncio.gather(
            *(queue.event(job, "completed", "failed", timeout_ms=60_000) for job in jobs)
        ):
            assert event.get("failedReason", "").partition(":")[0] == code
        async for key in queue.redis.scan_iter(f"bull:{queue.name}.*"):
            await queue.redis.unlink(key)
