"""Keeping what waits in a paused queue where no resume destroys it.

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

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

    from aiplane.bull.queue import BullQueue

FOLD = """
local paused = redis.call('HEXISTS', KEYS[3], 'paused')
local limited = redis.call('HEXISTS', KEYS[3], 'concurrency')
local version = redis.call('HGET', KEYS[3], 'version') or ''
local legacy = redis.call('EXISTS', KEYS[2]) == 1
local moved = 0
if paused == 1 and (legacy or string.sub(version, 1, 9) == 'bullmq:5.') then
  while moved < 1000 and redis.call('RPOPLPUSH', KEYS[1], KEYS[2]) do moved = moved + 1 end
elseif paused == 0 and legacy then
  while moved < 1000 do
    local id = redis.call('LPOP', KEYS[2])
    if not id then break end
    redis.call('RPUSH', KEYS[1], id)
    moved = moved + 1
  end
  redis.call('ZADD', KEYS[4], 0, '0')
end
return {paused, limited}
"""
"""Lua: bring what waits in two places to one, and tell how the queue stands."""

FOLD_IF_PAUSED = f"if redis.call('HEXISTS', KEYS[3], 'paused') == 0 then return end {FOLD}"
"""Lua: the same, where something was put into a queue that may be paused."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """How a queue stands: paused, or under a limit of jobs that may be active at once."""

    paused: bool
    limited: bool


async def merge_paused(redis: Redis, queue: BullQueue) -> QueueStatus:
    """Bring what waits in two places to one, and tell how the queue stands."""
    # By its text and not by its digest: in a transaction, a digest that the server has forgotten would leave
    # everything else done and this undone.
    paused, limited = await redis.eval(FOLD, 4, *_keys(queue))
    return QueueStatus(bool(paused), bool(limited))


def stage_fold(pipe: Pipeline, queue: BullQueue) -> None:
    """Do the same at the end of a transaction that has put something into a paused queue."""
    pipe.eval(FOLD, 4, *_keys(queue))


def merging_paused(queue: BullQueue) -> ScriptCall:
    """Do it as the step that follows one which has put something into a queue: :data:`FOLD_IF_PAUSED`.

    It is best effort: what was put there is there, whatever others have made of the other list.
    """
    return ScriptCall("fold", _keys(queue), [], best_effort=True)


def _keys(queue: BullQueue) -> list[str]:
    return [queue.key(name) for name in ("wait", "paused", "meta", "marker")]
