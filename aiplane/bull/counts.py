"""Job counts of a queue by state: BullMQ's own, read in one round trip from any thread.

Nothing is kept here between two readings, so the numbers are right whichever process reads them and whatever
has died meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiplane.queues import dead_letters_of
from aiplane.redis.lua import load_script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis

COUNT = load_script(__package__, "count")

_OWN_KEYS = ("wait", "paused", "prioritized", "active", "delayed", "completed", "failed")


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The jobs of one queue at one moment.

    Attributes:
        waiting: jobs that a free slot would take, those of a paused queue and those with a priority included.
        active: jobs that are being run.
        delayed: jobs that wait for a moment to come, retries after a backoff among them.
        completed: jobs that have completed and are kept.
        failed: jobs that have failed for good and are kept.
        dead: their copies in the dead-letter queue.
        paused: whether the queue is paused.
        oldest_ms: how long ago the job that has waited longest was made, in milliseconds; 0 if none waits. Of
            jobs with a priority, the one that is next is looked at.
    """

    waiting: int
    active: int
    delayed: int
    completed: int
    failed: int
    dead: int
    paused: bool
    oldest_ms: int


class QueueCounter:
    """Counter of the jobs of any queue under one key prefix. Safe to share between threads."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._prefix = prefix
        self._count = redis.register_script(COUNT)

    def read(self, queue: str) -> QueueCounts:
        """Count the jobs of a queue now; one that does not exist has none.

        Raises:
            RedisError: Redis does not answer, or a key of the queue is not what BullMQ makes of it.
        """
        keys, base = _keys(self._prefix, queue)
        return read_count(self._count(keys=keys, args=[base]))


def stage_count(pipe: Any, prefix: str, queue: str) -> None:
    """Put a count of a queue on a pipeline, whether that is of a thread or of an event loop."""
    keys, base = _keys(prefix, queue)
    pipe.eval(COUNT, len(keys), *keys, base)


def read_count(numbers: Sequence[int]) -> QueueCounts:
    """Read what a count was answered."""
    waiting, active, delayed, completed, failed, dead, paused, now, *heads = numbers
    oldest = min((made for made in heads if made), default=now)
    return QueueCounts(waiting, active, delayed, completed, failed, dead, bool(paused), max(now - oldest, 0))


def _keys(prefix: str, queue: str) -> tuple[list[str], str]:
    base, letters = f"{prefix}:{queue}:", f"{prefix}:{dead_letters_of(queue)}:"
    keys = [base + name for name in _OWN_KEYS]
    return [*keys, f"{letters}wait", f"{letters}paused", f"{base}meta"], base
