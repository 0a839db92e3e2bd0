"""Heartbeat thread of a process: it renews the lease every second, whatever the rest is doing."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from redis import RedisError

from aiplane.ledger.health import complaint
from aiplane.redis.clients import COMMAND_TIMEOUT
from aiplane.redis.refusals import told
from aiplane.redis.troubles import TROUBLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiplane.ledger.leases import LeaseStore, Member
    from aiplane.ledger.server_epoch import ServerEpoch

log = logging.getLogger(__name__)

RENEW_EVERY = 1.0
"""Seconds between two renewals."""

SKEW_MS = 2_000
"""Milliseconds by which the clock of a process may differ from Redis' before it says so. Delays and backoffs
are computed by the clocks of whoever sets them."""


class LeaseRenewal(threading.Thread):
    """Renewal of one lease until it is stopped."""

    def __init__(
        self,
        store: LeaseStore,
        member: Callable[[], Member],
        after: Callable[[ServerEpoch], Any] | None = None,
    ) -> None:
        """Prepare the thread; ``start`` begins the renewing.

        Args:
            store: where the lease is kept.
            member: says, at each renewal, what the holder is now.
            after: called after each renewal that succeeded, with what it returned.
        """
        super().__init__(name="lease", daemon=True)
        self._store = store
        self._member = member
        self._after = after
        self._wake = threading.Event()
        self.renewed = threading.Event()
        self._stopping = False
        self._skewed = False
        self._renewed_at = 0.0

    def run(self) -> None:
        """Renew, wait, repeat; a trouble is reported once and ends when Redis serves again."""
        away = ""
        while not self._stopping:
            try:
                asked = time.monotonic()
                epoch = self._store.renew(self._member())
                self._renewed_at = asked
                self._compare_clocks(epoch.now)
                self.renewed.set()
                if self._after is not None:
                    self._after(epoch)
                if away:
                    log.info("Redis answers again; the lease is renewed")
                away = ""
            except (RedisError, OSError) as error:
                words = TROUBLES.note(error)
                if words != away:
                    log.warning("%s; the lease waits", words)
                away = words
            except Exception:
                # Without a lease it would be taken for dead, and go on.
                log.critical("the lease cannot be kept, by a fault of ours; the process ends", exc_info=True)
                os._exit(70)
            self._wake.wait(RENEW_EVERY)
            self._wake.clear()

    def _compare_clocks(self, now: int) -> None:
        skew = now - time.time() * 1000
        if abs(skew) > SKEW_MS and not self._skewed:
            log.warning("the clock here differs from Redis' by %.1f s; set both by NTP", skew / 1000)
        self._skewed = abs(skew) > SKEW_MS

    def complaint(self) -> str:
        """Return why the process does not serve, as a sentence; empty if it does."""
        if not self.renewed.is_set():
            return "its lease has not begun: it is starting, or Redis does not answer."
        silent = time.monotonic() - self._renewed_at
        return complaint(self._member(), round(1000 * silent))

    def renew_now(self) -> None:
        """Renew without waiting for the next turn, because the holder has changed."""
        self._wake.set()

    def stop(self) -> None:
        """Stop renewing and give the lease back, if Redis can be reached."""
        self._stopping = True
        self._wake.set()
        self.join(timeout=2 * COMMAND_TIMEOUT)
        try:
            self._store.give_back(self._member().id)
        except (RedisError, OSError) as error:
            log.warning("%s; the lease is left to go stale", told(error))
