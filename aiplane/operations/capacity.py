"""Capacity of each kind of job: the pools that live, their slots, and the jobs that wait for one.

Read in one round trip, from the leases that pools renew and from BullMQ's own counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiplane.bull import read_count, stage_count
from aiplane.ledger.leases import LOOK_COMMANDS, SLOTS_STALE_MS, read_look, stage_look
from aiplane.queues import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis.asyncio import Redis

    from aiplane.queues import Kind
    from aiplane.settings import Settings


@dataclass(frozen=True, slots=True)
class Capacity:
    """Capacity of one kind at one moment.

    Attributes:
        slots: how many jobs the living pools run at once; 0 where none lives, or none takes jobs.
        waiting: jobs that a free slot would take.
        active: jobs that are being run.
        oldest_ms: how long ago the job was made that has waited longest; 0 if none waits.
        paused: whether the queue is paused.
    """

    slots: int
    waiting: int
    active: int
    oldest_ms: int
    paused: bool


async def read_capacity(redis: Redis, settings: Settings) -> Mapping[Kind, Capacity]:
    """Read the capacity of every kind.

    Raises:
        redis.RedisError: Redis does not answer, or something else stands under its keys.
    """
    pipe = redis.pipeline(transaction=False)
    stage_look(pipe, settings.bullmq_prefix)
    for kind in KINDS:
        stage_count(pipe, settings.bullmq_prefix, settings.queue_name(kind))
    replies: list[Any] = await pipe.execute()
    roll = read_look(replies[:LOOK_COMMANDS])
    counts = {kind: read_count(reply) for kind, reply in zip(KINDS, replies[LOOK_COMMANDS:], strict=True)}
    return {
        kind: Capacity(
            slots=roll.slots(kind, SLOTS_STALE_MS),
            waiting=count.waiting,
            active=count.active,
            oldest_ms=count.oldest_ms if count.waiting else 0,
            paused=count.paused,
        )
        for kind, count in counts.items()
    }
