"""Redis clients, made for what each is used for.

None retries by itself: most of what is sent here are scripts that change a job's state, and a script whose
reply was lost may have run. The caller knows how to find out; a client does not.

Bytes that are not UTF-8 (others write into this Redis too) come back as surrogate escapes and go out again
as the same bytes, so that a strange key can still be named.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.connection import HiredisRespSerializer
from redis.exceptions import ResponseError
from redis.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from redis.asyncio.connection import AbstractConnection as AsyncConnection
    from redis.connection import AbstractConnection

COMMAND_TIMEOUT = 5.0
"""Seconds that a command may take. A Redis that is slower than this is as good as gone."""

_SHARED: dict[str, Any] = {
    "decode_responses": True,
    "encoding_errors": "surrogateescape",
    "socket_connect_timeout": 2.0,
    "socket_keepalive": True,
    # Scripts and replies here are plain RESP2; version 3 would add a handshake and push messages.
    "protocol": 2,
}


def connect(
    url: str,
    *,
    timeout: float = COMMAND_TIMEOUT,
    name: str | None = None,
    client: type[redis.asyncio.Redis] = redis.asyncio.Redis,
) -> redis.asyncio.Redis:
    """Make a client for an event loop. Nothing is connected yet.

    Args:
        url: ``redis://`` or ``rediss://``.
        timeout: seconds until an unanswered command raises ``redis.TimeoutError``. A client that blocks
            needs more than its longest block.
        name: the name that ``CLIENT LIST`` shows, where Redis lets us have one.
        client: the class of the client.
    """
    return client.from_url(
        url,
        socket_timeout=timeout,
        redis_connect_func=_greeting(name),
        retry=AsyncRetry(NoBackoff(), 0),
        **_SHARED,
    )


def connect_thread(url: str, *, timeout: float = COMMAND_TIMEOUT, name: str | None = None) -> redis.Redis:
    """Make a client for threads, with the same habits as :func:`connect`."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        redis_connect_func=_greeting_thread(name),
        retry=Retry(NoBackoff(), 0),
        command_packer=_StrangeBytes(),
        **_SHARED,
    )


class _StrangeBytes(HiredisRespSerializer):
    """Packer of commands for threads, where redis-py's own forgets what ``encoding_errors`` asks for."""

    def pack(self, *args: Any) -> Any:
        try:
            return super().pack(*args)
        except UnicodeEncodeError:
            return super().pack(*map(_as_bytes, args))


def _as_bytes(argument: Any) -> Any:
    return argument.encode(errors="surrogateescape") if isinstance(argument, str) else argument


# redis-py gives up a connection whose name is refused, and some hosts refuse all of CLIENT.


def _greeting(name: str | None) -> Callable[[AsyncConnection], Awaitable[None]]:
    async def greet(connection: AsyncConnection) -> None:
        await connection.on_connect()
        if name is not None:
            await connection.send_command("CLIENT", "SETNAME", name)
            with suppress(ResponseError):
                await connection.read_response()

    return greet


def _greeting_thread(name: str | None) -> Callable[[AbstractConnection], None]:
    def greet(connection: AbstractConnection) -> None:
        # redis-py has no types for these two.
        connection.on_connect()  # type: ignore[no-untyped-call]
        if name is not None:
            connection.send_command("CLIENT", "SETNAME", name)  # type: ignore[no-untyped-call]
            with suppress(ResponseError):
                connection.read_response()

    return greet
