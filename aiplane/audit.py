"""Finds jobs that are nowhere: their record is there, and no list or set of their queue holds them.

It happens when BullMQ 5 resumes a queue that others have written to meanwhile: it renames one list over
another, and the jobs of the other are in no place from which anything would take them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from aiplane.bull import BullQueue


async def lost_jobs(redis: Redis, queue: BullQueue) -> AsyncIterator[str]:
    """Yield the ids of the jobs of a queue that are nowhere.

    A job on its way from one list to another is never between them, so what is nowhere stays nowhere. It
    walks over all keys of the database in small steps: for hundreds of thousands, it takes seconds.
    """
    start = queue.key("")
    async for key in redis.scan_iter(match=f"{_literal(start)}*", count=1000, _type="HASH"):
        data, iterations = await redis.hmget(key, "data", "ic")
        # A scheduler keeps its template under the same name as a job its data; only it counts iterations.
        if data is None or iterations is not None:
            continue
        job_id = str(key)[len(start) :]
        if await queue.state(job_id) == "unknown":
            yield job_id


def _literal(text: str) -> str:
    return "".join(f"\\{character}" if character in "*?[]\\^" else character for character in text)
