"""Gauges of the service: read from PostgreSQL and Redis whenever metrics are collected.

Collecting happens in a thread of its own. What it asks for is read in the service's loop, and waited for no
longer than whoever collects can wait. What does not answer is left out: no number is better than an old one.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self, TypeVar

from opentelemetry.metrics import Observation
from redis.exceptions import RedisError
from sqlalchemy import func, select

from aiplane.telemetry.instruments import observe
from control_plane.breaker import NAME
from control_plane.errors import UnavailableError
from control_plane.tables import Breaker, OutboxEntry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from control_plane.database import Database

T = TypeVar("T")

TIMEOUT_SECONDS: Final = 1.0
"""Seconds that one reading may take."""

FRESH_FOR: Final = 1.0
"""Seconds for which one reading serves all gauges, which are asked one after the other."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading; None and nothing where that could not be found out."""

    breaker_open: int | None = None
    outbox_length: int | None = None
    outbox_oldest_ms: float | None = None
    results_oldest_ms: Mapping[str, int] = field(default_factory=dict)


class Gauges:
    """Gauges that can be read within an ``async with`` block.

    Args:
        database: where the outbox and the breaker are.
        lag: reads how long results have waited, by their queue.
    """

    def __init__(self, database: Database, lag: Callable[[], Awaitable[Mapping[str, int]]]) -> None:
        self._database = database
        self._lag = lag
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading = _Reading()
        self._read_at = float("-inf")

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        observe("ai.api.breaker_open", lambda: _one(self._fresh().breaker_open))
        observe("ai.api.outbox_length", lambda: _one(self._fresh().outbox_length))
        observe("ai.api.outbox_oldest_ms", lambda: _one(self._fresh().outbox_oldest_ms))
        observe("ai.api.results_oldest_ms", lambda: _each(self._fresh().results_oldest_ms))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._loop = None

    def _fresh(self) -> _Reading:
        with self._guard:
            loop = self._loop
            if loop is None or _runs_here(loop):
                return _Reading()
            if time.monotonic() - self._read_at > FRESH_FOR:
                self._reading = self._read(loop)
                self._read_at = time.monotonic()
            return self._reading

    def _read(self, loop: asyncio.AbstractEventLoop) -> _Reading:
        reading = asyncio.run_coroutine_threadsafe(self._look(), loop)
        try:
            # A loop that is stuck answers late or never.
            return reading.result(TIMEOUT_SECONDS + 0.5)
        except (TimeoutError, CancelledError):
            reading.cancel()
            return _Reading()

    async def _look(self) -> _Reading:
        kept, lag = await asyncio.gather(_or_nothing(self._look_at_rows()), _or_nothing(self._lag()))
        is_open, length, oldest_ms = kept or (None, None, None)
        return _Reading(is_open, length, oldest_ms, lag or {})

    async def _look_at_rows(self) -> tuple[int, int, float]:
        now = func.clock_timestamp()
        open_breakers = select(func.count()).where(Breaker.name == NAME, Breaker.open_until.is_not(None))
        unsent = select(func.count(), func.extract("epoch", now - func.min(OutboxEntry.created_at)))
        async with self._database.transaction() as session:
            is_open = await session.scalar(open_breakers) or 0
            length, seconds = (await session.execute(unsent)).one()
        return is_open, length, max(float(seconds or 0) * 1000, 0.0)


async def _or_nothing(reading: Awaitable[T]) -> T | None:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await reading
    except (UnavailableError, RedisError, OSError, TimeoutError):
        return None


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    """True if waiting for a loop here would stop it."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _one(value: float | None) -> Iterable[Observation]:
    return [] if value is None else [Observation(value)]


def _each(values: Mapping[str, int]) -> Iterable[Observation]:
    return [Observation(value, {"queue": queue}) for queue, value in values.items()]
