"""Maintenance beside a bridge's own jobs: Redis itself, abandoned jobs, lost jobs, foreign workers."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from redis import RedisError

from aiplane.bull.lost_jobs import Audit
from aiplane.redis.preflight import UnfitRedisError, examine, foreign_workers
from aiplane.redis.troubles import TROUBLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from aiplane.ledger.leases import LeaseSnapshot
    from aiplane.settings import Settings
    from bridges.adopt import Adoption
    from bridges.consumer import Source

log = logging.getLogger(__name__)

SCAN_EVERY = 2.0
"""Seconds between two scans of the active lists."""

AUDIT_EVERY = 15 * 60.0
"""Seconds between two looks for jobs that are nowhere. It walks over all keys, so it is not done often."""

AUDIT_SHARE = 0.05
"""Of the time, how much such a walk has Redis at work: jobs go first, above all those that have piled up
before a bridge was started."""

IDS_TOLD = 20
"""How many ids of lost jobs the log names; ``aiplane audit`` names all."""


class Maintenance:
    """Maintenance tasks. What is done about abandoned jobs is the adoption's; all else is told in the log."""

    def __init__(
        self, settings: Settings, redis: Redis, sources: Sequence[Source], adoption: Adoption
    ) -> None:
        self._settings = settings
        self._redis = redis
        self._sources = sources
        self._adoption = adoption
        self._snapshot: LeaseSnapshot | None = None
        self._updated = asyncio.Event()

    def update(self, snapshot: LeaseSnapshot) -> None:
        """Take note of the leases."""
        self._snapshot = snapshot
        self._updated.set()

    async def examine(self) -> None:
        """Look at Redis before it is trusted with jobs.

        Raises:
            UnfitRedisError: this is production, and Redis can lose jobs.
            RedisError: it could not be asked.
        """
        findings = await examine(self._redis)
        for finding in findings:
            log.warning("%s", finding.sentence)
        refused = [finding for finding in findings if finding.loses_jobs]
        if refused and self._settings.app_env == "production" and not self._settings.redis_accept_data_loss:
            raise UnfitRedisError(refused)

    async def scan(self) -> None:
        """Look for abandoned jobs, again and again. It returns only by being cancelled."""
        while True:
            try:
                for source in self._sources:
                    await source.look()
                    if self._snapshot is not None:
                        await self._adoption.scan(source, self._snapshot)
            except (RedisError, OSError) as error:
                log.warning("the active jobs cannot be read: %s", TROUBLES.note(error))
            await asyncio.sleep(SCAN_EVERY)

    async def audit(self) -> None:
        """Look for lost jobs and foreign workers, again and again. It returns only by being cancelled."""
        while True:
            try:
                for source in self._sources:
                    await self._tell_foreign_workers(source)
                    await self._tell_lost_jobs(source)
            except (RedisError, OSError) as error:
                log.warning("the jobs cannot be audited: %s", TROUBLES.note(error))
            await asyncio.sleep(AUDIT_EVERY)

    async def _tell_lost_jobs(self, source: Source) -> None:
        audit = Audit(self._redis, source.queue, share=AUDIT_SHARE)
        lost = [job_id async for job_id in audit.lost_jobs()]
        if lost:
            log.error(
                "%d jobs of %s are in none of its lists and will never run: %s",
                len(lost), source.name, ", ".join(lost[:IDS_TOLD]),
            )  # fmt: skip

    async def _tell_foreign_workers(self, source: Source) -> None:
        suspects = await self._foreign_workers(source)
        if suspects:
            # A bridge has its lease before its connections, and gives it back before they close: one that is
            # starting stands in leases that are read after the connections, one that stops is gone by then.
            await self._fresh_roll()
            suspects &= await self._foreign_workers(source)
        for name in sorted(suspects):
            log.warning(
                "%s is also served by a worker that is no bridge: %s. The two share the jobs; see the "
                "operations guide on moving from a Node worker.",
                source.name, name,
            )  # fmt: skip

    async def _foreign_workers(self, source: Source) -> set[str]:
        bridges = list(self._snapshot.seen) if self._snapshot else []
        prefix = self._settings.bullmq_prefix
        return set(await foreign_workers(self._redis, prefix, source.name, bridges))

    async def _fresh_roll(self) -> None:
        """Wait for leases that were read from now on: those that come next may be on their way already."""
        for _ in range(2):
            self._updated.clear()
            await self._updated.wait()
