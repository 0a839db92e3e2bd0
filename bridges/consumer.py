"""Consumer of one queue, which takes its next job when there is one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from aiplane.bull import QueueStatus, merge_paused, new_token
from aiplane.context.cancellation import cancel
from aiplane.redis.clients import connect
from bridges.job import read_job
from bridges.settle import NextJob
from bridges.take_script import read_answer, taking, taking_steps

if TYPE_CHECKING:
    from aiplane.bull import Bull
    from aiplane.queues import QueueSpec
    from aiplane.settings import Settings
    from bridges.job import Job
    from bridges.take_script import Answer, Sending

LONGEST_BLOCK = 5.0
"""Seconds that an idle queue is listened to before it is looked at again."""

SHORTEST_BLOCK = 0.01
"""Seconds. Redis takes 0 for ever, and older ones take very short times for 0."""


class Source:
    """One job queue, seen by the bridge that takes from it."""

    def __init__(
        self,
        settings: Settings,
        bull: Bull,
        spec: QueueSpec,
        bridge_id: str,
        node: str,
        *,
        sending: Sending | None = None,
    ) -> None:
        self.spec = spec
        self.name = settings.queue_name(spec.kind)
        self.queue = bull.queue(self.name)
        self._sending = sending
        self._steps = taking_steps(bull)
        self._bridge_id = bridge_id
        self._node = node
        # Named as Node's getWorkers() looks for workers; its timeout is longer than the longest block.
        self._blocking = connect(
            settings.redis_url, timeout=LONGEST_BLOCK + 10, name=self.queue.worker_client_name(node)
        )
        self._redis = bull.redis
        self._standing = QueueStatus(paused=False, limited=False)
        self._released = asyncio.Event()
        self._ended = asyncio.Event()

    async def announce(self) -> None:
        """Connect, so that ``getWorkers()`` counts this bridge from the start."""
        await self._blocking.ping()

    async def take(self) -> tuple[Job | None, float]:
        """Take the next job.

        Returns:
            The job, now active and locked, or None; and for how many seconds none can be expected.
        """
        self._released.clear()
        token = new_token(self._bridge_id)
        (reply,) = await self._steps.take([taking(self.queue, token, self._node, self._sending)])
        answer = read_answer(reply)
        job = self._read(token, answer)
        if job is not None:
            return job, 0.0
        self._standing = answer.standing or self._standing
        taken = answer.taken
        if taken.rate_limited_ms > 0:
            return None, min(taken.rate_limited_ms / 1000, LONGEST_BLOCK)
        due = taken.next_delayed_at / 1000 - time.time() if taken.next_delayed_at else LONGEST_BLOCK
        return None, min(max(due, SHORTEST_BLOCK), LONGEST_BLOCK)

    def succession(self) -> NextJob:
        """Take the next job within the settlement of another."""
        token = new_token(self._bridge_id)
        step = taking(self.queue, token, self._node, self._sending)
        return NextJob(step, lambda reply: self._read(token, read_answer(reply)) if reply else None)

    def _read(self, token: str, answer: Answer) -> Job | None:
        taken = answer.taken
        if taken.job_id is None:
            return None
        return read_job(self.spec, self.name, taken.job_id, token, taken.record, sent=answer.sent)

    async def look(self) -> None:
        """See how the queue stands, and that what waits in it is safe."""
        self._standing = await merge_paused(self._redis, self.queue)

    async def listen(self, seconds: float) -> bool:
        """Wait until a job may have come, a limit may have room again, or ``seconds`` are over.

        Returns:
            False if it was only that the time is over.
        """
        marker = asyncio.create_task(self.queue.wait_for_marker(self._blocking, seconds))
        events = [self._ended, self._released] if self._standing.limited else [self._ended]
        others = [asyncio.ensure_future(event.wait()) for event in events]
        try:
            await asyncio.wait({marker, *others}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for other in others:
                other.cancel()
            # A marker that is lost with the connection is no loss: the queue is looked at next.
            await cancel(marker)
        return marker.cancelled() or marker.result()

    def release(self) -> None:
        """Say that a job of the queue is over: where a limit keeps others waiting, BullMQ adds no marker."""
        self._released.set()

    def end(self) -> None:
        """Listen no longer."""
        self._ended.set()

    async def close(self) -> None:
        """Close the connection that listens."""
        await self._blocking.aclose()
