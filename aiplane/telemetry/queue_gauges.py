"""The gauges of the queues: read from Redis whenever metrics are collected, by whichever process lives.

They are BullMQ's own counts, so they are right though a bridge has died. While Redis does not answer they are
left out: no number is better than an old one.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry.metrics import Observation
from redis import RedisError, ResponseError

from aiplane.bull import QueueCounter
from aiplane.ledger.leases import SLOTS_STALE_MS, LeaseStore
from aiplane.redis.clients import connect_thread
from aiplane.redis.refusals import told
from aiplane.telemetry.instruments import observe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiplane.bull import QueueCounts
    from aiplane.queues import Kind
    from aiplane.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 1.0
"""Seconds that one read may take: whoever scrapes waits for it."""

FRESH_FOR = 1.0
"""Seconds for which one reading serves all gauges, which are asked one after the other."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """Job counts and slots of one queue."""

    counts: QueueCounts
    slots: int


class QueueGauges:
    """Reader of the queues of some kinds. Safe to share between threads."""

    def __init__(self, settings: Settings, kinds: Sequence[Kind]) -> None:
        self._redis = connect_thread(settings.redis_url, timeout=TIMEOUT_SECONDS, name="aiplane:gauges")
        self._counter = QueueCounter(self._redis, settings.bullmq_prefix)
        self._leases = LeaseStore(self._redis, settings.bullmq_prefix)
        self._queues = {settings.queue_name(kind): kind for kind in kinds}
        self._guard = threading.Lock()
        self._standings: dict[str, _Standing] = {}
        self._read_at = float("-inf")

    def observe(self) -> None:
        """Have the gauges read from now on."""
        for name, value in _GAUGES.items():
            observe(name, lambda value=value: self._observations(value))  # type: ignore[misc]

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._redis.close()

    def _observations(self, value: Callable[[_Standing], int]) -> Iterable[Observation]:
        return [Observation(value(standing), {"queue": queue}) for queue, standing in self._fresh().items()]

    def _fresh(self) -> dict[str, _Standing]:
        with self._guard:
            if time.monotonic() - self._read_at > FRESH_FOR:
                self._standings = self._read()
                self._read_at = time.monotonic()
            return self._standings

    def _read(self) -> dict[str, _Standing]:
        standings: dict[str, _Standing] = {}
        try:
            roll = self._leases.look()
            for queue, kind in self._queues.items():
                counts = self._counts(queue)
                if counts is not None:
                    standings[queue] = _Standing(counts, roll.slots(kind, SLOTS_STALE_MS))
        except (RedisError, OSError) as error:
            log.debug("the queues cannot be counted: %s", told(error))
        return standings

    def _counts(self, queue: str) -> QueueCounts | None:
        try:
            return self._counter.read(queue)
        except ResponseError:
            # A key of this queue is not what BullMQ makes of it; the others can still be counted.
            return None


_GAUGES: dict[str, Callable[[_Standing], int]] = {
    "ai.queue.depth": lambda standing: standing.counts.waiting,
    "ai.queue.active": lambda standing: standing.counts.active,
    "ai.queue.delayed": lambda standing: standing.counts.delayed,
    "ai.queue.failed": lambda standing: standing.counts.failed,
    "ai.queue.dead": lambda standing: standing.counts.dead,
    "ai.queue.oldest_ms": lambda standing: standing.counts.oldest_ms,
    "ai.queue.slots": lambda standing: standing.slots,
}
