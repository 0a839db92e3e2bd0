"""Audit trail of what people do to jobs by hand, as lines in the bridge's log."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from redis import RedisError

from aiplane.operations.audit_trail import channel, read
from aiplane.redis.clients import connect
from aiplane.redis.troubles import TROUBLES
from bridges.redis_subscription import hear

if TYPE_CHECKING:
    from aiplane.settings import Settings

log = logging.getLogger(__name__)

AGAIN_AFTER = 5.0
"""Seconds before the channel is listened to again. What was said meanwhile stands in the jobs' own logs."""


async def log_operators(settings: Settings) -> None:
    """Write down what is heard. It returns only by being cancelled."""
    while True:
        redis = connect(settings.redis_url, name="aiplane:operators")
        try:
            await hear(redis, channel(settings.bullmq_prefix), lambda text: log.info("%s", read(text)))
        except (RedisError, OSError) as error:
            log.debug("audit trail subscription lost: %s", TROUBLES.note(error))
        finally:
            await redis.aclose()
        await asyncio.sleep(AGAIN_AFTER)
