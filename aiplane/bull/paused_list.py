"""Jobs of a paused queue, merged into the list where no resume destroys them.

BullMQ 5 keeps the jobs of a paused queue in a list of its own, `paused`, and renames it over `wait` when it
resumes, which destroys what others have put there meanwhile. BullMQ 6, and the scripts that we run, keep them
in `wait`; its resume merges the two. So while BullMQ 5 is at work on a paused queue, everything waits in
`paused`; otherwise everything that is in `paused` goes to `wait`.

It is at work if there is such a list, or if it was the last to write its version. Where both write to a queue
that BullMQ 6 has paused, there is a moment that nothing protects: see the reliability guide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiplane.bull.scripts import ScriptCall
from aiplane.redis.lua import load_script

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

    from aiplane.bull.queue import BullQueue

MERGE_PAUSED = load_script(__package__, "merge_paused")
"""Lua: bring what waits in two places to one, and tell how the queue stands."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """Status of a queue: paused, or under a limit of jobs that may be active at once."""

    paused: bool
    limited: bool


async def merge_paused(redis: Redis, queue: BullQueue) -> QueueStatus:
    """Bring what waits in two places to one, and return the queue's status."""
    # By its text and not by its digest: in a transaction, a digest that the server has forgotten would leave
    # everything else done and this undone.
    paused, limited = await redis.eval(MERGE_PAUSED, 4, *_keys(queue))
    return QueueStatus(bool(paused), bool(limited))


def stage_merge(pipe: Pipeline, queue: BullQueue) -> None:
    """Merge at the end of a transaction that has put something into a paused queue."""
    pipe.eval(MERGE_PAUSED, 4, *_keys(queue))


def merging_paused(queue: BullQueue) -> ScriptCall:
    """Return the call that merges after one which has put something into a queue, if that is paused.

    It is best effort: what was put there is there, whatever others have made of the other list.
    """
    return ScriptCall("mergePaused", _keys(queue), ["if-paused"], best_effort=True)


def _keys(queue: BullQueue) -> list[str]:
    return [queue.key(name) for name in ("wait", "paused", "meta", "marker")]
