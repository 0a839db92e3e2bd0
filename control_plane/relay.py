"""Relay from the outbox to BullMQ. Any number of processes do it, and each entry is sent by one.

An entry is locked while it is sent and removed once BullMQ has confirmed the job. A process that dies between
the two leaves it to another, which sends it again: BullMQ adds a job of one id once.

What a process has accepted itself it sends as soon as that is committed, without a look into the outbox. The
entry is there all the same until BullMQ has confirmed the job: whatever goes wrong with that, the next look
finds it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

from redis.exceptions import RedisError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import defer

from aiplane.context.cancellation import cancel
from control_plane.errors import UnavailableError
from control_plane.side_task import SideTask
from control_plane.tables import Job, OutboxEntry

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from aiplane.client import Client
    from aiplane.queues import Kind
    from control_plane.database import Database

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
"""Seconds between two looks for entries that nobody woke the relay for: those of a process that died."""

BATCH: Final = 20
"""Entries that one transaction sends."""

LONGEST_PAUSE_SECONDS: Final = 15.0
"""The longest that an entry waits for its next try while Redis is away."""

LARGEST_AT_ONCE: Final = 256 * 1024
"""Characters of a payload that is held in memory until it is sent. A recording waits in the outbox."""

_DAY: Final = 24 * 60 * 60

JOB_OPTIONS: Final[dict[str, object]] = {
    # Results and failures are kept in the database; BullMQ keeps a job for those who look into it.
    "removeOnComplete": {"age": _DAY},
    "removeOnFail": {"age": 7 * _DAY},
}
VOICE_OPTIONS: Final[dict[str, object]] = {
    # A recording can be in the job itself: megabytes of somebody's voice, in the memory of Redis.
    "removeOnComplete": {"age": 60 * 60},
    "removeOnFail": {"age": _DAY},
}


class Relay(SideTask):
    """Relay of the outbox, within an ``async with`` block.

    Args:
        database: where the outbox is.
        client: sends to BullMQ.
        timeout: seconds that one job may take to be sent.
    """

    def __init__(self, database: Database, client: Client, timeout: float) -> None:
        super().__init__("relay of the outbox", self._send_all, LOOK_SECONDS)
        self._database = database
        self._client = client
        self._timeout = timeout
        self._sending: set[asyncio.Task[None]] = set()

    async def __aexit__(self, *exception: object) -> None:
        for sending in [*self._sending]:
            await cancel(sending)
        await super().__aexit__(*exception)

    def send_soon(self, entry: OutboxEntry) -> None:
        """Send an entry that has just been committed. Where no relay runs, another process does."""
        if not self.running:
            return
        if len(entry.payload) > LARGEST_AT_ONCE:
            self.wake()
            return
        sending = asyncio.create_task(self._send_at_once(entry), name=f"sending {entry.job_id}")
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    async def _send_at_once(self, entry: OutboxEntry) -> None:
        try:
            if await self._send(entry, entry.payload):
                await self._remove(entry.job_id)
        except UnavailableError:
            log.debug("what was sent is removed from the outbox later")
        except Exception:
            log.exception("a job could not be sent, and is sent later")

    async def _remove(self, job_id: str) -> None:
        # One that another process has found meanwhile is locked, and that one removes it.
        own = select(OutboxEntry.job_id).where(OutboxEntry.job_id == job_id).with_for_update(skip_locked=True)
        async with self._database.statements() as session:
            await session.execute(delete(OutboxEntry).where(OutboxEntry.job_id.in_(own)))

    async def _send_all(self) -> None:
        while await self.send_batch():
            continue

    async def send_batch(self) -> bool:
        """Send some entries that are due; False if there were none, or Redis does not take them."""
        async with self._database.transaction() as session:
            due = await session.execute(
                # Without the payloads: a recording is megabytes, and each is fetched when its turn comes.
                select(OutboxEntry, Job.state)
                .options(defer(OutboxEntry.payload))
                .join(Job, Job.id == OutboxEntry.job_id)
                .where(OutboxEntry.due_at <= func.clock_timestamp())
                .order_by(OutboxEntry.due_at)
                .limit(BATCH)
                .with_for_update(skip_locked=True, of=OutboxEntry)
            )
            for number, (entry, state) in enumerate(due.all(), 1):
                # A job that has ended was sent: it is not asked a second time.
                if state == "queued" and not await self._send(entry, await _payload(session, entry)):
                    await self._put_off(session, entry)
                    return False
                await session.execute(delete(OutboxEntry).where(OutboxEntry.job_id == entry.job_id))
                if number == BATCH:
                    return True
        return False

    async def _send(self, entry: OutboxEntry, payload: str) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                await self._client.submit(
                    cast("Kind", entry.kind),
                    json.loads(payload),
                    job_id=entry.job_id,
                    options=_options(entry.kind) | ({"tm": json.dumps(entry.trace)} if entry.trace else {}),
                )
        except (RedisError, TimeoutError, OSError) as error:
            log.warning("outbox entry not sent; it is sent later: %s", type(error).__name__)
            return False
        return True

    async def _put_off(self, session: AsyncSession, entry: OutboxEntry) -> None:
        pause = min(0.5 * 2 ** min(entry.attempts, 10), LONGEST_PAUSE_SECONDS)
        await session.execute(
            update(OutboxEntry)
            .where(OutboxEntry.job_id == entry.job_id)
            .values(
                attempts=OutboxEntry.attempts + 1,
                due_at=func.clock_timestamp() + timedelta(seconds=pause),
            )
        )


async def _payload(session: AsyncSession, entry: OutboxEntry) -> str:
    wanted = select(OutboxEntry.payload).where(OutboxEntry.job_id == entry.job_id)
    return (await session.execute(wanted)).scalar_one()


def _options(kind: str) -> dict[str, object]:
    return VOICE_OPTIONS if kind == "transcribe" else JOB_OPTIONS
