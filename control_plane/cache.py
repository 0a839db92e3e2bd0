"""The cache of what has ended, in Redis under ``ai-result:<job id>`` for a day. It is never needed.

What cannot be read quickly counts as absent: the row in the database says the same. A Redis that is away is
left alone for a moment, so that not every look waits for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING, Any, Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)

KEPT_SECONDS: Final = 86_400
TIMEOUT_SECONDS: Final = 0.25
"""Seconds that a look may take. The database answers in a few milliseconds."""

AWAY_SECONDS: Final = 2.0
"""For how long a Redis that did not answer is not asked."""


class Cache:
    """Outcomes of jobs that have completed, by the job's id."""

    def __init__(self, url: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            client_name="aiplane-control-plane",
            protocol=2,
        )
        self._away_until = 0.0

    async def get(self, job_id: str) -> dict[str, Any] | None:
        """Return what is kept of a job, if anything is."""
        if time.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                text = await self._redis.get(key_of(job_id))
            found = json.loads(text) if text else None
        except (RedisError, OSError, TimeoutError, ValueError, RecursionError) as error:
            self._failed(error)
            return None
        return found if isinstance(found, dict) else None

    async def put(self, job_id: str, outcome: Mapping[str, Any]) -> None:
        """Keep how a job ended."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._redis.set(key_of(job_id), json.dumps(outcome), ex=KEPT_SECONDS)
        except (RedisError, OSError, TimeoutError) as error:
            self._failed(error)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _failed(self, error: Exception) -> None:
        self._away_until = time.monotonic() + AWAY_SECONDS
        log.warning("cache of outcomes unavailable: %s", type(error).__name__)


def key_of(job_id: str) -> str:
    """Return the key of a job's outcome."""
    return f"ai-result:{job_id}"
