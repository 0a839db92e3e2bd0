"""A queue as a test sees it: jobs go in, and what BullMQ says of them is waited for, not guessed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from aiplane.bull import Bull
from aiplane.redis.clients import connect

if TYPE_CHECKING:
    from types import TracebackType

Event = dict[str, str]


class Queue:
    """One queue, its dead letters and its results. Used as an async context manager."""

    def __init__(self, redis_url: str, name: str, *, prefix: str = "bull") -> None:
        self.name = name
        self.redis = connect(redis_url, timeout=60)
        self.bull = Bull(self.redis, prefix)
        self.queue = self.bull.queue(name)
        self._heard: list[Event] = []
        self._last = "0-0"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.redis.aclose()

    async def add(self, data: Any, **options: Any) -> str:
        """Add a job and return its id."""
        return await self.queue.add("a-job", data, options=options)

    async def event(self, job: str, *names: str, count: int = 1, timeout_ms: int = 30_000) -> Event:
        """Return the ``count``-th event of one of these names about a job, once it has come."""
        while True:
            found = [each for each in self._heard if each.get("jobId") == job and each["event"] in names]
            if len(found) >= count:
                return found[count - 1]
            heard = await self.redis.xread(
                {self.queue.key("events"): self._last}, count=500, block=timeout_ms
            )
            assert heard, f"no {' or '.join(names)} of job {job} within {timeout_ms} ms: {self._heard[-5:]}"
            for self._last, fields in heard[0][1]:
                self._heard.append(fields)

    async def record(self, job: str) -> dict[str, str]:
        return await self.queue.record(job)

    async def state(self, job: str) -> str:
        return await self.queue.state(job)

    async def promote(self, job: str) -> None:
        """Make a delayed job wait no longer, as a person does on a dashboard."""
        await self.queue._scripts.promote(job)

    async def active(self) -> int:
        return int(await self.redis.llen(self.queue.key("active")))

    async def count(self, state: str) -> int:
        return int(await self.redis.zcard(self.queue.key(state)))

    async def jobs_in(self, suffix: str) -> dict[str, dict[str, Any]]:
        """Return the data of the jobs that wait in a neighbouring queue, by the id that they answer."""
        other = self.bull.queue(f"{self.name}.{suffix}")
        ids = await self.redis.lrange(other.key("wait"), 0, -1)
        data = [json.loads((await other.record(job_id))["data"]) for job_id in ids]
        return {each["jobId"]: each for each in data}
