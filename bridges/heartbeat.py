"""Heartbeat of a bridge, whatever its loop is doing: its lease, its leadership, the locks of its jobs.

One thread of its own with a client of its own. It renews, reads who else lives, and tells the loop. If the
loop itself stops turning, renewing its locks would hold jobs for ever that nobody looks after; then the
watchdog here ends the process, and another bridge takes over.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from aiplane.bull import LOCK_MS, LockRenewal
from aiplane.ledger.lease_renewal import LeaseRenewal
from aiplane.ledger.leases import LEADER_MS, LeaseStore, Member
from aiplane.redis.clients import connect_thread
from aiplane.redis.troubles import TROUBLES
from aiplane.telemetry.instruments import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiplane.ledger.leases import LeaseSnapshot
    from aiplane.ledger.server_epoch import ServerEpoch
    from aiplane.settings import Settings

log = logging.getLogger(__name__)

LOCKS_EVERY = LOCK_MS / 4000
"""Seconds between renewals of the locks: a quarter of their life."""

LOOP_TIMEOUT_SECONDS = 60.0
"""Seconds without a turn of the loop after which the process ends itself."""


class Heartbeat:
    """Heartbeat that keeps a bridge alive in the eyes of the others."""

    def __init__(
        self,
        settings: Settings,
        member: Member,
        *,
        locks: Callable[[], Mapping[str, Mapping[str, str]]],
        tell: Callable[[LeaseSnapshot, bool], None],
    ) -> None:
        """Prepare the thread.

        Args:
            settings: where Redis is.
            member: this bridge.
            locks: the jobs that the bridge holds: tokens by job id by queue. It is called from the thread.
            tell: called in the loop after each renewal, with all leases and whether we are the leader.
        """
        redis = connect_thread(settings.redis_url, name="aiplane:heart")
        self._store = LeaseStore(redis, settings.bullmq_prefix)
        self._renewal = LockRenewal(redis, settings.bullmq_prefix)
        self._member = member
        self._locks = locks
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._made = time.monotonic()
        self._unanswered: float | None = None
        self._locks_renewed = 0.0
        self._turn_until = 0.0
        self._stopping = threading.Event()
        self._thread = LeaseRenewal(self._store, self._describe, after=self._beat)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and give the lease back, so that another bridge takes over at once. It blocks."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.stop()

    @property
    def is_leader(self) -> bool:
        """True if this bridge, as the leader, may take jobs now; false in time even if the thread hangs."""
        return time.monotonic() < self._turn_until

    def complaint(self) -> str:
        """Return why this bridge does not serve, as a sentence; empty if it does."""
        return self._thread.complaint()

    def _describe(self) -> Member:
        now = time.monotonic()
        return replace(
            self._member,
            loop_ms=round(self._loop_stuck() * 1000),
            locks_ms=round((now - (self._locks_renewed or self._made)) * 1000),
            trouble=TROUBLES.current,
        )

    def _beat(self, epoch: ServerEpoch) -> None:
        asked = time.monotonic()
        if self._store.lead(self._member.id):
            # Our clock starts before Redis' does, so we stop before another may start.
            self._turn_until = asked + LEADER_MS / 1000
        else:
            self._turn_until = 0.0
        snapshot = self._store.read(epoch)
        if asked - self._locks_renewed >= LOCKS_EVERY:
            self._renew_locks()
            self._locks_renewed = asked
        if not self._stopping.is_set():
            self._ask_loop(snapshot)
        self._watch_loop()

    def _renew_locks(self) -> None:
        for queue, jobs in self._locks().items():
            if jobs:
                refused = self._renewal.renew(queue, jobs)
                if refused:
                    log.info("%d locks of %s are no longer ours", len(refused), queue)

    def _ask_loop(self, snapshot: LeaseSnapshot) -> None:
        now = time.monotonic()
        if self._unanswered is None:
            self._unanswered = now
        self._loop.call_soon_threadsafe(self._turned, snapshot, now)

    def _turned(self, snapshot: LeaseSnapshot, asked: float) -> None:
        self._unanswered = None
        late = time.monotonic() - asked
        self._tell(snapshot, self.is_leader)
        record("ai.bridge.loop_lag_ms", late * 1000)

    def _loop_stuck(self) -> float:
        """Return for how many seconds the loop has owed an answer. While Redis is away nobody asks it."""
        asked = self._unanswered
        return 0.0 if asked is None else time.monotonic() - asked

    def _watch_loop(self) -> None:
        stuck = self._loop_stuck()
        if stuck > LOOP_TIMEOUT_SECONDS and not self._stopping.is_set():
            log.critical(
                "watchdog: the loop has not turned for %.0f s; the bridge ends, and another takes over", stuck
            )
            os._exit(70)  # an orderly exit would wait for the loop
