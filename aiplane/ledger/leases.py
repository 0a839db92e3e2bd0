"""Leases, the heartbeats of pools and bridges: each renews its own in Redis while its process lives.

A lease is a member of a sorted set, scored with the time of its last renewal by Redis' own clock, and a field
of a hash with what its member says of itself. Renewals also keep what is known of the server itself
(:mod:`aiplane.ledger.server_epoch`). A member counts as gone only when its lease has gone stale in a Redis
that was steady for that long, so an outage of Redis makes nobody look dead.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from aiplane.ledger.runs import ledger_prefix
from aiplane.ledger.server_epoch import GAP_MS, ServerEpoch, pulse_key
from aiplane.redis.lua import load_script
from aiplane.redis.untrusted_json import read_object, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import redis

Role = Literal["pool", "bridge"]

SLOTS_STALE_MS = 4_000
"""Milliseconds without renewal after which a pool's slots are offered no longer. It may yet come back, so its
runs are not given up by then."""

BRIDGE_STALE_MS = 5_000
"""Milliseconds without renewal after which a bridge is gone; with a scan, adoption stays under 10 s."""

POOL_STALE_MS = 12_000
"""Milliseconds without renewal after which a pool is gone: a retry is then due within 20 s of its death."""

FORGET_AFTER_MS = 60 * 60 * 1000
"""Milliseconds after which a stale lease is removed."""

RENEW = load_script(__package__, "renew")

LEADER_MS = 5_000
"""Milliseconds for which a bridge is the leader, who takes jobs, unless it renews that."""

LEAD = load_script(__package__, "lead")
GIVE_BACK = load_script(__package__, "give_back")


@dataclass(frozen=True, slots=True)
class Member:
    """Holder of a lease: a pool or a bridge.

    Attributes:
        id: unique to one life of one process.
        role: ``pool`` or ``bridge``.
        node: the name a person knows it by.
        pid: its process id on its host.
        kind: a pool's kind of job; empty for a bridge.
        slots: how many jobs a pool runs at once; 0 for a bridge, and for a pool that is stopping.
        loop_ms: for how long its loop has owed a turn, in milliseconds.
        locks_ms: how long before this renewal a bridge renewed the locks of its jobs, likewise; 0 for a pool.
        trouble: what Redis refuses it; empty if nothing.
    """

    id: str
    role: Role
    node: str
    pid: int
    kind: str = ""
    slots: int = 0
    loop_ms: int = 0
    locks_ms: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class LeaseSnapshot:
    """All leases at one moment.

    Attributes:
        now: that moment, in epoch milliseconds of Redis' clock.
        steady_since: since when Redis has been answering without a gap, and as the same server, likewise.
        seen: each holder with the moment of its last renewal, likewise.
    """

    now: int
    steady_since: int
    seen: Mapping[str, tuple[Member, int]]

    def gone(self, member_id: str, stale_ms: int) -> bool:
        """Return whether a holder's process is no longer there.

        It is if it gave its lease back, or let it go stale for ``stale_ms`` while Redis was steady.
        """
        if member_id not in self.seen:
            return self.now - self.steady_since >= stale_ms
        return self._stale(self.seen[member_id][1], stale_ms)

    def silent_ms(self, member_id: str) -> int:
        """Return for how many milliseconds a holder of :attr:`seen` has not renewed its lease."""
        return max(self.now - self.seen[member_id][1], 0)

    def slots(self, kind: str, stale_ms: int) -> int:
        """Return how many jobs of a kind the living pools run at once."""
        return sum(
            member.slots
            for member, seen in self.seen.values()
            if member.role == "pool" and member.kind == kind and not self._stale(seen, stale_ms)
        )

    def _stale(self, seen: int, stale_ms: int) -> bool:
        return self.now - max(seen, self.steady_since) >= stale_ms


class LeaseStore:
    """Store of the leases under one prefix. Safe to share between threads."""

    def __init__(self, client: redis.Redis, bullmq_prefix: str) -> None:
        self._redis = client
        self._prefix = bullmq_prefix
        self._leases, self._members = _keys(bullmq_prefix)
        prefix = ledger_prefix(bullmq_prefix)
        self._epoch = pulse_key(bullmq_prefix)
        self._leader = f"{prefix}turn"
        self._renew = client.register_script(RENEW)
        self._lead = client.register_script(LEAD)
        self._give_back = client.register_script(GIVE_BACK)

    def renew(self, member: Member) -> ServerEpoch:
        """Renew a lease, and look at the server."""
        # What has its default is not said: an older version may not know it, and would not read the rest.
        said = json.dumps({name: value for name, value in asdict(member).items() if value})
        reply = self._renew(
            keys=[self._leases, self._members, self._epoch],
            args=[member.id, said, GAP_MS, FORGET_AFTER_MS],
        )
        return ServerEpoch(*map(int, reply))

    def lead(self, member_id: str) -> bool:
        """Become or stay the leader, who takes jobs; False while another bridge is.

        One bridge takes at a time, so that no two fill the same free slot. Any bridge settles what it
        holds and adopts what another left behind.
        """
        return bool(self._lead(keys=[self._leader], args=[member_id, LEADER_MS]))

    def give_back(self, member_id: str) -> None:
        """End a lease, and the leadership with it: nobody need wait for them to go stale."""
        self._give_back(keys=[self._leader, self._leases, self._members], args=[member_id])

    def look(self) -> LeaseSnapshot:
        """Read all leases now, without holding one."""
        pipe = self._redis.pipeline(transaction=True)
        stage_look(pipe, self._prefix)
        return read_look(pipe.execute())

    def read(self, epoch: ServerEpoch) -> LeaseSnapshot:
        """Read all leases, just after a renewal has returned ``epoch``."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.zrange(self._leases, 0, -1, withscores=True)
        pipe.hgetall(self._members)
        scores, members = pipe.execute()
        return _snapshot(epoch, scores, members)


LOOK_COMMANDS = 4
"""The replies that :func:`read_look` reads."""


def stage_look(pipe: Any, bullmq_prefix: str) -> None:
    """Put a look at all leases on a pipeline, whether that is of a thread or of an event loop."""
    leases, members = _keys(bullmq_prefix)
    pipe.time()
    pipe.hmget(pulse_key(bullmq_prefix), "since", "server_since")
    pipe.zrange(leases, 0, -1, withscores=True)
    pipe.hgetall(members)


def read_look(replies: Sequence[Any]) -> LeaseSnapshot:
    """Read what :func:`stage_look` was answered."""
    (seconds, micros), (steady_since, server_since), scores, members = replies
    now = int(seconds) * 1000 + int(micros) // 1000
    epoch = ServerEpoch(now, whole_number(steady_since, now), whole_number(server_since, 0))
    return _snapshot(epoch, scores, members)


def _keys(bullmq_prefix: str) -> tuple[str, str]:
    prefix = ledger_prefix(bullmq_prefix)
    return f"{prefix}leases", f"{prefix}holders"


def _snapshot(epoch: ServerEpoch, scores: Any, members: Mapping[str, str]) -> LeaseSnapshot:
    seen = {}
    for member_id, score in scores:
        member, renewed = _member(members.get(member_id, "")), whole_number(score)
        if member is not None and renewed is not None:
            seen[member_id] = (member, renewed)
    # Another server may have forgotten leases that were renewed a moment before.
    return LeaseSnapshot(epoch.now, max(epoch.steady_since, epoch.server_since), seen)


def new_member_id() -> str:
    """Return an id for one life of one process."""
    return uuid.uuid4().hex[:16]


def _member(text: str) -> Member | None:
    """Read what a holder says of itself; None if it does not tell who it is.

    Its process may be of another version: what this one does not know is ignored, what it misses has its
    default. Otherwise a bridge would take newer pools for dead in the middle of a deploy.
    """
    said = read_object(text)
    if not isinstance(said.get("id"), str) or said.get("role") not in get_args(Role):
        return None
    return Member(
        said["id"],
        said["role"],
        node=str(said.get("node", "")),
        pid=whole_number(said.get("pid"), 0),
        kind=str(said.get("kind", "")),
        slots=whole_number(said.get("slots"), 0),
        loop_ms=whole_number(said.get("loop_ms"), 0),
        locks_ms=whole_number(said.get("locks_ms"), 0),
        trouble=str(said.get("trouble", ""))[:200],
    )
