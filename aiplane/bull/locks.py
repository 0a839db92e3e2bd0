"""Job locks: how long they live, whose they are, and how they are renewed from a thread."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import msgpack
from bullmq.redis_connection import loadScript

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis import Redis

LOCK_MS = 30_000
"""How long a job's lock lives without renewal, in milliseconds (the contract's 30 s)."""

TOKEN_MARK = "brg"  # noqa: S105 -- it marks tokens; it is none
"""What the lock tokens of bridges begin with: ``brg:<bridge>:<unique>``."""


def new_token(bridge_id: str) -> str:
    """Return a token for one lock, which names the bridge that holds it."""
    return f"{TOKEN_MARK}:{bridge_id}:{uuid.uuid4().hex}"


def owner_of(token: str) -> str | None:
    """Return the bridge that a lock's token names; None for the token of another kind of worker."""
    mark, _, rest = token.partition(":")
    return rest.partition(":")[0] if mark == TOKEN_MARK else None


class LockRenewal:
    """Renewal of locks from a thread, many in one call."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._extend = redis.register_script(loadScript("extendLocks-1.lua"))
        self._prefix = prefix

    def renew(self, queue: str, jobs: Mapping[str, str]) -> set[str]:
        """Renew the locks of ``jobs`` (tokens by job id) and return the ids whose lock is not ours now."""
        base = f"{self._prefix}:{queue}:"
        packed = [
            msgpack.packb(list(part), unicode_errors="surrogateescape")
            for part in (jobs.values(), jobs.keys())
        ]
        return set(self._extend(keys=[f"{base}stalled"], args=[base, *packed, LOCK_MS]))
