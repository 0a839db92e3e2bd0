"""Retry with back-off until Redis answers: for idempotent calls, from a thread that may wait."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeVar

from redis import RedisError

from aiplane.context.backoff import doubled
from aiplane.redis.troubles import TROUBLES

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

T = TypeVar("T")

REDIS_TIMEOUT_SECONDS = 15 * 60.0
"""Seconds for which a worker keeps trying to record an outcome while Redis is away."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Seconds between tries while Redis does not answer: doubled from the first to the longest."""


def despite_outages(call: Callable[[], T]) -> T:
    """Return what ``call`` returns, once Redis answers it; the last error after fifteen minutes without."""
    give_up = time.monotonic() + REDIS_TIMEOUT_SECONDS
    pauses = doubled(FIRST_PAUSE, LONGEST_PAUSE)
    while True:
        try:
            return call()
        except (RedisError, OSError) as error:
            if time.monotonic() > give_up:
                raise
            log.warning("%s; trying again", TROUBLES.note(error))
        time.sleep(next(pauses))
