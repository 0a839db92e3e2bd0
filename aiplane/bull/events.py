"""Subscription to the ends of jobs: the reading side of BullMQ's event streams.

One task reads the stream of one queue over one connection, however many jobs are waited for. It reads from an
id that is known before the first waiter looks at its job, so no end falls between looking and listening.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError

from aiplane.context.cancellation import cancel
from aiplane.redis.refusals import is_outage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from redis.asyncio import Redis

BLOCK_SECONDS = 10.0
"""How long one read blocks; the client that reads needs a longer timeout than this."""

RETRY_SECONDS = 0.5
"""Seconds between two tries to reach a Redis that is away."""


_ENDS = {"completed", "failed"}


class Ending:
    """State of one job, as far as it has been heard.

    Attributes:
        told: set when there is a reason to look at the job: it ended, or Redis was away for a while.
        event: the fields of the event that ended it, as BullMQ wrote them; empty until then.
    """

    def __init__(self) -> None:
        self.told = asyncio.Event()
        self.event: Mapping[str, str] = {}


class QueueEvents:
    """The ends of the jobs of one queue, told to whoever waits for them.

    Args:
        redis: a client that may block for ``BLOCK_SECONDS``.
        stream: the key of the queue's event stream.
    """

    def __init__(self, redis: Redis, stream: str) -> None:
        self._redis = redis
        self._stream = stream
        self._waiting: dict[str, set[Ending]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._listening: asyncio.Future[None] | None = None

    @asynccontextmanager
    async def ending_of(self, job_id: str) -> AsyncIterator[Ending]:
        """Listen for the end of one job: whatever happens after the block was entered is heard.

        Waits until Redis can be reached. The reading lasts while somebody listens.

        Raises:
            redis.RedisError: Redis answered, and refused.
        """
        ending = Ending()
        self._waiting.setdefault(job_id, set()).add(ending)
        try:
            await asyncio.shield(self._start())
            yield ending
        finally:
            self._waiting[job_id].discard(ending)
            if not self._waiting[job_id]:
                del self._waiting[job_id]
            if not self._waiting:
                await self._stop()

    def _start(self) -> asyncio.Future[None]:
        if self._listening is None:
            self._listening = asyncio.get_running_loop().create_future()
            self._reader = asyncio.create_task(self._read(self._listening), name=f"events of {self._stream}")
        return self._listening

    async def _stop(self) -> None:
        reader, self._reader, self._listening = self._reader, None, None
        if reader is not None:
            await cancel(reader)

    async def _read(self, listening: asyncio.Future[None]) -> None:
        last: str | None = None
        while True:
            try:
                if last is None:
                    last = await self._newest()
                    listening.set_result(None)
                last = await self._next(last)
            except RedisError as error:
                self._wake_all()
                if not is_outage(error):
                    # From here on the waiters look by themselves, and see the refusal if it lasts.
                    return None if listening.done() else listening.set_exception(error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _newest(self) -> str:
        newest: Any = await self._redis.xrevrange(self._stream, count=1)
        return str(newest[0][0]) if newest else "0-0"

    async def _next(self, last: str) -> str:
        # Few at a time: the event of a completed job carries its whole result.
        streams: Any = await self._redis.xread(
            {self._stream: last}, count=50, block=round(BLOCK_SECONDS * 1000)
        )
        for event_id, event in streams[0][1] if streams else ():
            last = str(event_id)
            self._tell(event)
        return last

    def _tell(self, event: Mapping[str, str]) -> None:
        if event.get("event") in _ENDS:
            for ending in self._waiting.get(event.get("jobId", ""), ()):
                ending.event = event
                ending.told.set()

    def _wake_all(self) -> None:
        for endings in self._waiting.values():
            for ending in endings:
                ending.told.set()
