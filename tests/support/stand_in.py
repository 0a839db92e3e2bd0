"""Stand-in for the workers of one queue: it takes jobs and ends them as a test says, results included."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, closing, suppress
from typing import TYPE_CHECKING, Any, Self

from redis.exceptions import RedisError

from aiplane.bull import Bull, JobHandle, check, read_taken
from aiplane.context.cancellation import cancel
from aiplane.ledger.leases import LeaseStore, Member
from aiplane.queues import KINDS, QUEUES, results_of
from aiplane.redis.clients import connect, connect_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from aiplane.queues import Kind

ANSWERS: dict[str, dict[str, Any]] = {
    "hint": {"hint": "Look at the loop.", "hintLevel": "gentle", "relatedConcepts": ["loops"]},
    "interview": {
        "shouldRespond": True,
        "message": "What is its complexity?",
        "followUpType": "question",
        "difficulty": "medium",
        "weaknessSignals": ["time_complexity"],
    },
    "review": {
        "overallScore": 7,
        "categories": [],
        "suggestions": [],
        "summary": "It works.",
        "weaknessSignals": ["edge_cases"],
    },
    "transcribe": {"text": "I would use a dictionary."},
}


@asynccontextmanager
async def living_pools(redis_url: str, kinds: Iterable[str] = KINDS) -> AsyncIterator[None]:
    """Hold the leases that living pools of some kinds hold."""

    def renew() -> None:
        with closing(connect_thread(redis_url)) as redis:
            store = LeaseStore(redis, "bull")
            for kind in kinds:
                store.renew(Member(f"pool-{kind}", "pool", node="a test", pid=1, kind=kind, slots=5))

    async def keep() -> None:
        while True:
            with suppress(RedisError):
                await asyncio.to_thread(renew)
            await asyncio.sleep(1)

    await asyncio.to_thread(renew)
    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        await cancel(keeping)


class StandIn:
    """A worker of one kind. Used as an async context manager."""

    def __init__(self, redis_url: str, kind: Kind = "hint") -> None:
        self.kind = kind
        self.redis = connect(redis_url, timeout=30)
        bull = Bull(self.redis)
        self.queue = bull.queue(QUEUES[kind].name)
        self.results = bull.queue(results_of(QUEUES[kind].name))
        self._scripts = bull.steps(["moveToActive", "moveToFinished", "addStandardJob"], {})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.redis.aclose()

    async def take(self, seconds: float = 20) -> str:
        """Take the next job, once there is one, and return its id."""
        while True:
            (reply,) = await self._scripts.take([self.queue.taking("token", worker="a test")])
            if job_id := read_taken(reply).job_id:
                return job_id
            assert await self.queue.wait_for_marker(self.redis, seconds), f"no {self.kind} job came"

    async def complete(self, job_id: str, result: Any = None, *, deliver: bool = True) -> None:
        """Complete a job, and (unless it is to be lost) deliver its result."""
        answer = ANSWERS[self.kind] if result is None else result
        steps = [self.queue.completing(JobHandle(job_id, "token"), json.dumps(answer))]
        for step in steps:
            check((await self._scripts.take([step]))[0])
        if deliver:
            await self.deliver(job_id, answer)

    async def deliver(self, job_id: str, result: Any = None, *, result_id: str = "") -> None:
        """Put a result into the result queue."""
        answer = ANSWERS[self.kind] if result is None else result
        data = {**answer, "jobId": job_id} if isinstance(answer, dict) else answer
        options = {"attempts": 3, "backoff": {"type": "exponential", "delay": 1500}, "removeOnComplete": 100}
        await self.results.add(
            QUEUES[self.kind].result_name, data, job_id=result_id or f"result-{job_id}", options=options
        )

    async def fail(self, job_id: str, reason: str) -> None:
        """Fail a job for good."""
        step = self.queue.failing(JobHandle(job_id, "token"), reason, [])
        check((await self._scripts.take([step]))[0])
