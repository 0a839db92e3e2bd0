"""Circuit breaker of the queues: one state for all processes, in PostgreSQL.

It stands before every call to Redis on the way to the workers. Its state is not in Redis, where the libraries
would keep it: that is what it guards, and a state in what does not answer cannot be read when it counts.

::

    closed ── N failures in a row ──▶ open ── some seconds ──▶ half-open: one probe, whoever comes first
       ▲                               ▲                          │
       └───────────── it succeeds ─────┼──────────────────────────┤
                                       └──────── it fails ────────┘
"""

from __future__ import annotations

import asyncio
import math
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from redis.exceptions import RedisError
from sqlalchemy import case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from control_plane.errors import TimedOutError, UnavailableError
from control_plane.tables import Breaker as Row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from control_plane.database import Database
    from control_plane.settings import ControlPlaneSettings

T = TypeVar("T")

NAME: Final = "queues"

CLOSED_SECONDS: Final = 0.5
"""Seconds that a process trusts that nobody has opened it since it looked."""


class Breaker:
    """Circuit breaker around calls to the queues.

    Args:
        database: where the state is.
        settings: how long a call may take, how many failures open it, and for how long.
    """

    def __init__(self, database: Database, settings: ControlPlaneSettings) -> None:
        self._database = database
        self._timeout = settings.call_timeout_seconds
        self._failures = settings.breaker_failures
        self._open_for = timedelta(seconds=settings.breaker_open_seconds)
        self._closed_until = 0.0

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do some work of the queues, if that has a chance, and no longer than a call may take.

        Raises:
            UnavailableError: it was not tried, or Redis refused it.
            TimedOutError: it took too long. It may have been done.
        """
        troubled = await self._enter()
        try:
            async with asyncio.timeout(self._timeout):
                done = await work()
        except TimeoutError as error:
            await self._failed()
            raise TimedOutError("The queues did not answer in time.", code="queues_timed_out") from error
        except (RedisError, OSError) as error:
            await self._failed()
            raise _closed_door(1) from error
        if troubled:
            await self._succeeded()
        return done

    async def _enter(self) -> bool:
        """Pass, or do not; True if there were failures that a success makes forgotten."""
        if time.monotonic() < self._closed_until:
            return False
        async with self._database.statements() as session:
            now = func.clock_timestamp()
            row: Any = (
                await session.execute(
                    select(Row.failures, Row.open_until, Row.probe_until, now).where(Row.name == NAME)
                )
            ).one_or_none()
            if row is None or (row[1] is None and row[0] == 0):
                self._closed_until = time.monotonic() + CLOSED_SECONDS
                return False
            _, open_until, probe_until, moment = row
            if open_until is None:
                return True
            if moment >= open_until and await self._may_probe(session):
                return True
        raise _closed_door(_seconds(max(open_until, probe_until or open_until) - moment))

    async def _may_probe(self, session: Any) -> bool:
        """Take the one probe, for as long as it may take."""
        now = func.clock_timestamp()
        taken = await session.execute(
            update(Row)
            .where(Row.name == NAME, or_(Row.probe_until.is_(None), Row.probe_until <= now))
            .values(probe_until=now + timedelta(seconds=self._timeout + 1))
            .returning(Row.name)
        )
        return taken.first() is not None

    async def _failed(self) -> None:
        self._closed_until = 0.0
        now = func.clock_timestamp()
        row = {"name": NAME, "failures": 1, "open_until": self._opened(1, now), "probe_until": None}
        failures = Row.failures + 1
        async with self._database.transaction() as session:
            await session.execute(
                insert(Row)
                .values(row)
                .on_conflict_do_update(
                    index_elements=["name"],
                    set_={
                        "failures": failures,
                        "open_until": case(
                            (failures >= self._failures, now + self._open_for), else_=Row.open_until
                        ),
                        "probe_until": None,
                    },
                )
            )

    def _opened(self, failures: int, now: Any) -> datetime | Any:
        return now + self._open_for if failures >= self._failures else None

    async def _succeeded(self) -> None:
        async with self._database.transaction() as session:
            await session.execute(
                update(Row).where(Row.name == NAME).values(failures=0, open_until=None, probe_until=None)
            )


def _closed_door(seconds: int) -> UnavailableError:
    sentence = "The workers cannot be reached at the moment. Nothing was asked; try again a little later."
    return UnavailableError(sentence, retry_after=seconds, code="queues_unavailable")


def _seconds(span: timedelta) -> int:
    return max(math.ceil(span.total_seconds()), 1)
