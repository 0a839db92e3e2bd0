"""Taking a job as any worker of BullMQ's does, for tests that are about something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.bull import Bull, Taken, read_taken

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from aiplane.bull import BullQueue


async def take(redis: Redis, queue: BullQueue, token: str = "token") -> Taken:
    """Move the next job of a queue to active, and lock it with ``token``."""
    steps = Bull(redis, queue.prefix).steps(["moveToActive"], {})
    (reply,) = await steps.take([queue.taking(token, worker="a test")])
    return read_taken(reply)
