"""Taking: the next job of one queue, when there is one."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING

from aiplane.connections import connect
from bridges.job import read_job

if TYPE_CHECKING:
    from aiplane.bull import Bull
    from aiplane.queues import QueueSpec
    from aiplane.settings import Settings
    from bridges.job import Job

LONGEST_BLOCK = 5.0
"""Seconds that an idle queue is listened to before it is looked at again."""

SHORTEST_BLOCK = 0.01
"""Seconds. Redis takes 0 for ever, and older ones take very short times for 0."""

TOKEN_MARK = "brg"  # noqa: S105 -- it marks tokens; it is none
"""What the lock tokens of bridges begin with: ``brg:<bridge>:<unique>``."""


def new_token(bridge_id: str) -> str:
    """Return a token for one lock, which names the bridge that holds it."""
    return f"{TOKEN_MARK}:{bridge_id}:{uuid.uuid4().hex}"


def owner_of(token: str) -> str | None:
    """Return the bridge that a lock's token names; None for the token of another kind of worker."""
    mark, _, rest = token.partition(":")
    return rest.partition(":")[0] if mark == TOKEN_MARK else None


class Source:
    """One job queue, seen by the bridge that takes from it."""

    def __init__(self, settings: Settings, bull: Bull, spec: QueueSpec, bridge_id: str, node: str) -> None:
        self.spec = spec
        self.name = settings.queue_name(spec.kind)
        self.queue = bull.queue(self.name)
        self._bridge_id = bridge_id
        self._node = node
        # Named as Node's getWorkers() looks for workers; its timeout is longer than the longest block.
        self._blocking = connect(
            settings.redis_url, timeout=LONGEST_BLOCK + 10, name=self.queue.worker_client_name(node)
        )
        self._poke = asyncio.Event()
        self.paused = False
        self.limited = False

    async def announce(self) -> None:
        """Connect, so that ``getWorkers()`` counts this bridge from the start."""
        await self._blocking.ping()

    async def take(self) -> tuple[Job | None, float]:
        """Take the next job.

        Returns:
            The job, now active and locked, or None; and for how many seconds none can be expected.
        """
        token = new_token(self._bridge_id)
        taken = await self.queue.take(token, worker=self._node)
        if taken.job_id is not None:
            return read_job(self.spec, self.name, taken.job_id, token, taken.record), 0.0
        if taken.rate_limited_ms > 0:
            return None, min(taken.rate_limited_ms / 1000, LONGEST_BLOCK)
        due = taken.next_delayed_at / 1000 - time.time() if taken.next_delayed_at else LONGEST_BLOCK
        return None, min(max(due, SHORTEST_BLOCK), LONGEST_BLOCK)

    async def listen(self, seconds: float) -> bool:
        """Wait until a job may have come, :meth:`poke` is called, or ``seconds`` are over.

        Returns:
            False if it was only that the time is over.
        """
        self._poke.clear()
        marker = asyncio.ensure_future(self.queue.wait_for_marker(self._blocking, seconds))
        poke = asyncio.ensure_future(self._poke.wait())
        try:
            await asyncio.wait({marker, poke}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            poke.cancel()
            if not marker.done():
                marker.cancel()
            # A marker that is lost with the connection is no loss: the queue is looked at next.
            await asyncio.wait({marker})
        return marker.cancelled() or marker.result() or self._poke.is_set()

    def poke(self) -> None:
        """End a :meth:`listen`: something happened that adds no marker."""
        self._poke.set()

    async def close(self) -> None:
        """Close the connection that listens."""
        await self._blocking.aclose()
