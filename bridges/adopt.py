"""Adoption: jobs that are active and that nobody looks after become ours, as they are.

Such a job is found in BullMQ's active list: its lock has expired (Redis was away, or its worker died), or
names a bridge that lives no longer. Taking it over replaces the lock and changes nothing else: no counter of
the job moves, and its run goes on. A job that a living worker holds, a bridge or not, is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.bull import LOCK_MS, new_token, owner_of
from aiplane.ledger.leases import BRIDGE_STALE_MS
from aiplane.redis.lua import load_script
from bridges.job import read_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis

    from aiplane.ledger.leases import LeaseSnapshot
    from bridges.consumer import Source
    from bridges.in_flight import InFlight
    from bridges.job import Job
    from bridges.slots import Slots


ADOPT = load_script(__package__, "adopt")

SCAN = load_script(__package__, "scan_active")


class Adoption:
    """Scan of the active lists for jobs that nobody looks after."""

    def __init__(
        self, redis: Redis, bridge_id: str, in_flight: InFlight, slots: Slots, adopt: Callable[[Job], None]
    ) -> None:
        """Prepare.

        Args:
            redis: a client.
            bridge_id: the id of this bridge.
            in_flight: the jobs that it holds.
            slots: told of how many jobs other bridges hold.
            adopt: called with each job that became ours.
        """
        self._bridge_id = bridge_id
        self._in_flight = in_flight
        self._slots = slots
        self._adopt = adopt
        self._strays: set[tuple[str, str]] = set()
        self._scan_script = redis.register_script(SCAN)
        self._adopt_script = redis.register_script(ADOPT)

    async def scan(self, source: Source, snapshot: LeaseSnapshot) -> None:
        """Look at one queue once."""
        held_before = self._in_flight.of(source.name)
        queue = source.queue
        ids, locks = await self._scan_script(keys=[queue.key("active")], args=[queue.key("")])
        self._let_go(held_before, set(ids))
        others = 0
        for job_id, token in zip(ids, locks, strict=True):
            if self._abandoned(source, job_id, token, snapshot):
                await self._take_over(source, job_id, token or "")
            elif token and owner_of(token) not in (None, self._bridge_id):
                others += 1
        self._slots.others_hold(source.spec.kind, others)
        self._slots.wake()

    def _abandoned(self, source: Source, job_id: str, token: str | None, snapshot: LeaseSnapshot) -> bool:
        in_flight = self._in_flight.get(source.name, job_id)
        if in_flight is not None and token == in_flight.token:
            return False
        if not token:
            return True
        owner = owner_of(token)
        if owner == self._bridge_id:
            # Ours, but not in hand: a take whose reply was lost. Or one that is under way this very moment,
            # so it has to be seen twice.
            return self._seen_before(job_id, token)
        return owner is not None and snapshot.gone(owner, BRIDGE_STALE_MS)

    def _seen_before(self, job_id: str, token: str) -> bool:
        if (job_id, token) in self._strays:
            self._strays.discard((job_id, token))
            return True
        if len(self._strays) > 10_000:
            self._strays.clear()
        self._strays.add((job_id, token))
        return False

    async def _take_over(self, source: Source, job_id: str, token: str) -> None:
        queue, new = source.queue, new_token(self._bridge_id)
        reply = await self._adopt_script(
            keys=[queue.lock_key(job_id), queue.key("active"), queue.key("stalled"), queue.key(job_id)],
            args=[token, new, job_id, LOCK_MS],
        )
        if reply is None:
            return
        record = dict(zip(reply[::2], reply[1::2], strict=True))
        job = read_job(source.spec, source.name, job_id, new, record)
        self._adopt(job)

    def _let_go(self, held_before: dict[str, Job], active: set[str]) -> None:
        for job_id, job in held_before.items():
            if job_id not in active and not self._in_flight.is_settling(job):
                # Removed, or put back by somebody's stalled check. If it was settled just now, by us, its
                # task has ended by itself.
                self._in_flight.drop(job)
