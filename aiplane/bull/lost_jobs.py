"""Lost jobs: their record is there, and no list or set of their queue holds them.

It happens when BullMQ 5 resumes a queue that others have written to meanwhile: it renames one list over
another, and the jobs of the other are in no place from which anything would take them.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from aiplane.redis.lua import load_script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from redis.asyncio import Redis

    from aiplane.bull import BullQueue


_SETS = ("completed", "failed", "delayed", "prioritized", "waiting-children")
_LISTS = ("active", "wait", "paused")

PAGE = 500
"""Records, or entries of a list, that are looked at by one call."""

AT_ONCE = 10_000
"""Jobs that are looked for in the lists by one walk through them."""

IN_NO_SET = load_script(__package__, "in_no_set")


class Audit:
    """Search for the lost jobs of a queue.

    A job on its way from one list to another is never between them, so what is nowhere stays nowhere. It
    walks over all keys of the database in small steps: for hundreds of thousands, it takes seconds. The lists
    are walked through for many jobs together: to ask Redis for the place of each would take it minutes.
    """

    def __init__(self, redis: Redis, queue: BullQueue, *, share: float = 1.0) -> None:
        """Prepare.

        Args:
            redis: a client.
            queue: the queue.
            share: of the time, how much it may have Redis at work, more than 0 and at most 1.
        """
        self._redis = redis
        self._queue = queue
        self._share = share

    async def lost_jobs(self) -> AsyncIterator[str]:
        """Yield the ids of the jobs that are nowhere."""
        missing: set[str] = set()
        async for page in self._records():
            missing.update(page)
            if len(missing) >= AT_ONCE:
                async for job_id in self._nowhere(missing):
                    yield job_id
                missing = set()
        async for job_id in self._nowhere(missing):
            yield job_id

    async def _records(self) -> AsyncIterator[list[str]]:
        """Yield the ids of the jobs that are in none of the queue's sets, page by page."""
        start, script = self._queue.key(""), self._redis.register_script(IN_NO_SET)
        keys, pattern = [start, *map(self._queue.key, _SETS)], f"{_literal(start)}*"
        cursor = -1
        while cursor:
            page = self._redis.scan(max(cursor, 0), match=pattern, count=PAGE, _type="HASH")
            cursor, found = await self._paced(page)
            if found:
                yield await self._paced(script(keys=keys, args=[str(key)[len(start) :] for key in found]))

    async def _nowhere(self, missing: set[str]) -> AsyncIterator[str]:
        """Yield those that are in no list either."""
        for key in map(self._queue.key, _LISTS):
            place = 0
            while missing and (
                entries := await self._paced(self._redis.lrange(key, place, place + PAGE - 1))
            ):
                missing.difference_update(entries)
                place += PAGE
        for job_id in missing:
            # It may have moved from where we had not looked to where we had.
            if await self._paced(self._queue.state(job_id)) == "unknown":
                yield job_id

    async def _paced(self, call: Awaitable[Any]) -> Any:
        """Await a call, and then let others have Redis for as long as the share demands."""
        began = time.monotonic()
        answer = await call
        await asyncio.sleep((time.monotonic() - began) * (1 / self._share - 1))
        return answer


def _literal(text: str) -> str:
    return "".join(f"\\{character}" if character in "*?[]\\^" else character for character in text)
