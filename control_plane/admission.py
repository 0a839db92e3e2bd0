"""Admission: a look at the workers before anything is accepted, so that nothing is asked of nobody."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError
from sqlalchemy import case, delete, func
from sqlalchemy.dialects.postgresql import insert

from aiplane.queues import KINDS
from control_plane.errors import UnavailableError
from control_plane.side_task import SideTask
from control_plane.tables import PoolAbsence

if TYPE_CHECKING:
    from aiplane.client import Client
    from aiplane.operations.capacity import Capacity
    from aiplane.queues import Kind
    from control_plane.breaker import Breaker
    from control_plane.database import Database
    from control_plane.settings import ControlPlaneSettings

GONE_SECONDS: Final = 15.0
"""Seconds without a pool of a kind before its requests are refused. One that is replaced is back before."""

STARTING_SECONDS: Final = 60.0
"""The same where nobody knows that there ever was one: with all that starts at once, pools serve last."""

WATCH_SECONDS: Final = 5.0
"""Seconds between two looks that nobody's request causes."""


class Admission(SideTask):
    """Admission of requests while there is somebody who will answer them.

    Within an ``async with`` block it looks for pools without being asked: a request that comes after an hour
    of silence is told at once that nobody has been there.
    """

    def __init__(
        self, database: Database, client: Client, breaker: Breaker, settings: ControlPlaneSettings
    ) -> None:
        super().__init__("look for pools", self.look, WATCH_SECONDS)
        self._database = database
        self._client = client
        self._breaker = breaker
        self._timeout = settings.call_timeout_seconds
        self._oldest_ms = settings.oldest_waiting_seconds * 1000
        # Until a pool of a kind is seen: a process before this one may have left word that there is none.
        self._missed = set(KINDS)
        self._known: set[Kind] = set()
        self._again = math.ceil(settings.breaker_open_seconds)

    async def admit(self, kind: Kind) -> None:
        """Let in a request for a kind of job.

        Raises:
            UnavailableError: no pool of that kind has lived for a while, its queue does not move, or Redis
                is away.
            TimedOutError: it could not be found out in time.
        """
        capacity = (await self._breaker.call(self._client.capacity))[kind]
        if capacity.oldest_ms > self._oldest_ms:
            sentence = "There is too much to do at the moment; try again a little later."
            raise UnavailableError(sentence, retry_after=self._again, code="workers_busy")
        if await self._gone_for(kind, capacity) >= GONE_SECONDS:
            sentence = f"Nobody works on a {kind} at the moment; try again a little later."
            raise UnavailableError(sentence, retry_after=self._again, code="no_workers")

    async def look(self) -> None:
        """Take note of the kinds that have a pool, and of those that have none."""
        # Not through the breaker: what it counts are requests, and the one probe belongs to one of them.
        try:
            async with asyncio.timeout(self._timeout):
                capacities = await self._client.capacity()
        except (RedisError, OSError, TimeoutError):
            return  # others say that Redis is away, and nobody can be seen there
        for kind, capacity in capacities.items():
            await self._gone_for(kind, capacity)

    async def _gone_for(self, kind: Kind, capacity: Capacity) -> float:
        """Return for how many seconds no pool of a kind has been seen, by whatever process."""
        if capacity.slots:
            self._known.add(kind)
        if capacity.slots and kind not in self._missed:
            return 0.0
        async with self._database.transaction() as session:
            if capacity.slots:
                await session.execute(delete(PoolAbsence).where(PoolAbsence.kind == kind))
                self._missed.discard(kind)
                return 0.0
            self._missed.add(kind)
            now = func.clock_timestamp()
            head_start = 0.0 if kind in self._known else STARTING_SECONDS - GONE_SECONDS
            begins = now + timedelta(seconds=head_start)
            # One that was not seen again for a while had ended: whoever saw a pool then did not know of it.
            ended = PoolAbsence.seen_at < now - timedelta(seconds=GONE_SECONDS)
            since = case((ended, begins), else_=PoolAbsence.since)
            absence: timedelta | None = await session.scalar(
                insert(PoolAbsence)
                .values(kind=kind, since=begins, seen_at=now)
                .on_conflict_do_update(index_elements=["kind"], set_={"since": since, "seen_at": now})
                .returning(PoolAbsence.seen_at - PoolAbsence.since)
            )
        return absence.total_seconds() if absence else 0.0
