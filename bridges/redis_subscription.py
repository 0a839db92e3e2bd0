"""Subscription to one channel of Redis, at no more cost than reading what comes.

redis-py's own subscription sets a clock for every message that it waits for, and that takes longer than the
message. Here one clock runs beside the reading: a connection on which nothing comes is asked for a sign.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from redis.exceptions import TimeoutError as RedisTimeoutError

from aiplane.context.cancellation import cancel

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis.asyncio import Redis
    from redis.asyncio.connection import AbstractConnection

SILENCE = 5.0
"""Seconds without a message after which the server is asked whether it is there; it has as long to answer."""


async def hear(redis: Redis, channel: str, told: Callable[[str], None]) -> None:
    """Subscribe to a channel, and pass on each message. It ends only by being cancelled, or by raising.

    Args:
        redis: a client; the connection is one of its own.
        channel: the channel.
        told: called with each message. What it raises ends the hearing.

    Raises:
        RedisError: the connection cannot be made, has broken, or is silent.
    """
    connection = redis.connection_pool.make_connection()
    try:
        await connection.connect()
        await connection.send_command("SUBSCRIBE", channel)
        await _Hearing(connection, told).go_on()
    finally:
        await connection.disconnect(nowait=True)


class _Hearing:
    """A subscription under way."""

    def __init__(self, connection: AbstractConnection, told: Callable[[str], None]) -> None:
        self._connection = connection
        self._told = told
        self._silent = False

    async def go_on(self) -> None:
        """Read and watch the clock, until one of them fails."""
        work = [asyncio.ensure_future(each) for each in (self._read(), self._keep_time())]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await asyncio.gather(*map(cancel, work))

    async def _read(self) -> None:
        while True:
            kind, *rest = await self._connection.read_response(timeout=math.inf)
            self._silent = False
            if kind == "message":
                self._told(str(rest[1]))

    async def _keep_time(self) -> None:
        while True:
            self._silent = True
            await asyncio.sleep(SILENCE)
            if self._silent:
                await self._connection.send_command("PING")
                await asyncio.sleep(SILENCE)
            if self._silent:
                raise RedisTimeoutError("Redis says nothing to who listens.")
