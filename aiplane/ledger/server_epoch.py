"""Epoch of the Redis server: since when it has been answering, and been the same process.

Whoever renews a lease keeps it, in a hash in Redis itself. Two things are read off it. *Steady*: a Redis that
was away for a while has not heard from anybody, so nobody may be called dead for being silent. *Server*: one
that was killed, or replaced by a replica, can have forgotten what it had answered a moment before, so those
who remember are given a moment to say it again (:mod:`aiplane.ledger.claims`).
"""

from __future__ import annotations

from typing import NamedTuple

from aiplane.ledger.runs import ledger_prefix

GAP_MS = 3_000
"""Milliseconds without any renewal after which Redis counts as having been away."""


class ServerEpoch(NamedTuple):
    """One reading of the epoch, in milliseconds since 1970 of Redis' own clock.

    Attributes:
        now: the moment of the look.
        steady_since: since when Redis has been answering without a gap.
        server_since: when it was first seen to be the server that it is now; 0 if it was never another.
    """

    now: int
    steady_since: int
    server_since: int


def pulse_key(bullmq_prefix: str) -> str:
    """Return the key of the hash."""
    return f"{ledger_prefix(bullmq_prefix)}pulse"
