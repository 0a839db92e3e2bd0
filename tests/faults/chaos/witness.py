"""Who did what when: the log of kills, what was running in whom, and how long until it was looked after."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redis import RedisError

from tests.interop.payloads import KINDS

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from tests.faults.chaos.fleet import Fleet
    from tests.faults.chaos.plan import Blow

LOOK_EVERY = 0.1
RUNS_EVERY = 0.5
ALIVE = 3
"""Seconds within which a living process has renewed its lease."""

MEMORY = 120.0
"""Seconds after a kill in which what the dead held is still looked for."""


@dataclass(frozen=True)
class Kill:
    """One blow that was struck; moments are seconds since the epoch."""

    blow: Blow
    at: float
    victim: str = ""
    lease: str = ""

    def __str__(self) -> str:
        return f"{self.blow.value} {self.victim}".strip()


@dataclass(frozen=True)
class Recovery:
    """What waited after a kill, from when to when, and whether Redis was away meanwhile."""

    killed: float
    ended: float
    outage: bool
    what: str

    @property
    def seconds(self) -> float:
        return self.ended - self.killed


@dataclass
class Witness:
    """Looks at the locks and at the ledger several times a second."""

    redis: Redis
    fleet: Fleet
    kills: list[Kill] = field(default_factory=list)
    outages: list[tuple[float, float]] = field(default_factory=list)
    killed_runs: dict[tuple[str, str], dict[str, Kill]] = field(default_factory=lambda: defaultdict(dict))
    watched_again: list[Recovery] = field(default_factory=list)
    looks: int = 0
    _orphans: dict[tuple[str, str, str], Kill] = field(default_factory=dict)

    def note(self, kill: Kill) -> None:
        """Remember a kill."""
        self.kills.append(kill)

    def outage_within(self, start: float, end: float) -> bool:
        """Whether Redis was away at any time between two moments."""
        return any(began < end and over > start for began, over in self.outages)

    @property
    def unwatched(self) -> int:
        """How many jobs of dead bridges nobody looks after yet."""
        return len(self._orphans)

    async def watch(self) -> None:
        """Look, again and again. It returns only by being cancelled."""
        runs_due = 0.0
        while True:
            try:
                await self._look_at_locks()
                if time.monotonic() >= runs_due:
                    await self._look_at_runs()
                    runs_due = time.monotonic() + RUNS_EVERY
                self.looks += 1
            except (RedisError, OSError):
                pass
            await asyncio.sleep(LOOK_EVERY)

    def _dead(self, line: str) -> dict[str, Kill]:
        """Return the kills of the last minutes by the lease of the dead."""
        since = time.time() - MEMORY
        return {
            kill.lease: kill
            for kill in self.kills
            if kill.lease and kill.at > since and (kill.victim.startswith("bridge") == (line == "bridge"))
        }

    async def _look_at_locks(self) -> None:
        pipe = self.redis.pipeline(transaction=False)
        queues = [kind.queue for kind in KINDS.values()]
        for queue in queues:
            pipe.lrange(f"bull:{queue}:active", 0, -1)
        active = [
            (queue, job) for queue, jobs in zip(queues, await pipe.execute(), strict=True) for job in jobs
        ]
        tokens = (
            await self.redis.mget([f"bull:{queue}:{job}:lock" for queue, job in active]) if active else []
        )
        now = time.time()
        owners = {
            place: token.split(":")[1] if token else None for place, token in zip(active, tokens, strict=True)
        }
        self._find_watched(owners, now)
        dead = self._dead("bridge")
        for (queue, job), owner in owners.items():
            if owner in dead:
                self._orphans.setdefault((owner, queue, job), dead[owner])

    def _find_watched(self, owners: dict[tuple[str, str], str | None], now: float) -> None:
        for (lease, queue, job), kill in list(self._orphans.items()):
            owner = owners.get((queue, job), "settled")
            if owner not in (None, lease):
                del self._orphans[lease, queue, job]
                outage = self.outage_within(kill.at, now)
                self.watched_again.append(Recovery(kill.at, now, outage, f"{queue} {job} of {kill.victim}"))

    async def _look_at_runs(self) -> None:
        holders = await self.redis.hgetall("aiplane:bull:holders")
        # Only of the living: a process may have the number of one that died within the hour.
        seconds, _ = await self.redis.time()
        living = await self.redis.zrangebyscore("aiplane:bull:leases", (seconds - ALIVE) * 1000, "+inf")
        self.fleet.learn_leases(
            {json.loads(holders[each])["pid"]: each for each in living if each in holders}
        )
        dead = self._dead("pool")
        keys = await self.redis.keys("aiplane:bull:run:*") if dead else []
        pipe = self.redis.pipeline(transaction=False)
        for key in keys:
            pipe.hmget(key, "worker", "outcome")
        for key, (worker, outcome) in zip(keys, await pipe.execute() if keys else [], strict=True):
            if worker in dead and outcome is None:
                run = key.removeprefix("aiplane:bull:run:")
                queue, job, *_ = run.split("|")
                self.killed_runs[queue, job].setdefault(run, dead[worker])
