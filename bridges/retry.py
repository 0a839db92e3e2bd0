"""Retry with back-off until Redis answers: for idempotent calls."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeVar

from redis import RedisError

from aiplane.context.backoff import doubled
from aiplane.redis.troubles import TROUBLES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between tries while Redis does not answer: doubled from the first to the longest."""


async def despite_outages(call: Callable[[], Awaitable[T]]) -> T:
    """Return what ``call`` returns, once Redis answers it."""
    pauses = doubled(FIRST_PAUSE, LONGEST_PAUSE)
    while True:
        try:
            return await call()
        except (RedisError, OSError) as error:
            log.warning("%s", TROUBLES.note(error))
        await asyncio.sleep(next(pauses))
