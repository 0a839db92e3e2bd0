"""Free slots: those of the living pools, less the jobs that are under way in them."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from aiplane.ledger.leases import SLOTS_STALE_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiplane.ledger.leases import LeaseSnapshot
    from aiplane.queues import Kind


class Slots:
    """Count of free slots, kind by kind, which wakes whoever waits for one.

    A job is counted from when it is taken until it is settled, so that BullMQ never shows a job as active
    that no slot is there for.
    """

    def __init__(self, held: Callable[[Kind], int]) -> None:
        """Begin with none.

        Args:
            held: how many jobs of a kind this bridge holds.
        """
        self._held = held
        self._offered: Counter[str] = Counter()
        self._held_by_others: Counter[str] = Counter()
        self._leader = False
        self._changed = asyncio.Event()
        self._closed = False

    def update(self, snapshot: LeaseSnapshot, *, leader: bool, kinds: tuple[Kind, ...]) -> None:
        """Take note of the leases, and of whether this bridge is the leader, who takes jobs."""
        self._offered = Counter({kind: snapshot.slots(kind, SLOTS_STALE_MS) for kind in kinds})
        self._leader = leader
        self.wake()

    def others_hold(self, kind: Kind, jobs: int) -> None:
        """Take note of how many jobs of a kind other bridges have in the same pools."""
        self._held_by_others[kind] = jobs

    def wake(self) -> None:
        """Let whoever waits look again: a job was settled, or the leases have changed."""
        self._changed.set()

    def close(self) -> None:
        """Offer nothing more, and wait no longer."""
        self._closed = True
        self._leader = False
        self.wake()

    def free(self, kind: Kind) -> int:
        """Return how many jobs of a kind may be taken now."""
        if not self._leader:
            return 0
        return self._offered[kind] - self._held(kind) - self._held_by_others[kind]

    def missing(self, kind: Kind) -> int:
        """Return how many more jobs are held than there are slots.

        Slots go while jobs are on their way to them: a pool was stopped, shrunk, or consumes no longer.
        """
        return max(self._held(kind) + self._held_by_others[kind] - self._offered[kind], 0)

    def full(self, kind: Kind) -> bool:
        """Return whether a kind has as many jobs held as slots: one settled, another may be taken."""
        return self._leader and self.free(kind) == 0

    async def wait(self, kind: Kind) -> None:
        """Return when at least one slot of a kind is free, or when :meth:`close` was called."""
        while self.free(kind) <= 0 and not self._closed:
            self._changed.clear()
            await self._changed.wait()
