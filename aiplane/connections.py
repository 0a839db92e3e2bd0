"""Redis clients, made for what each is used for.

None retries by itself: most of what is sent here are scripts that change a job's state, and a script whose
reply was lost may have run. The caller knows how to find out; a client does not.

Bytes that are not UTF-8 (others write into this Redis too) come back as surrogate escapes and go out again
as the same bytes, so that a strange key can still be named.
"""

from __future__ import annotations

from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.connection import HiredisRespSerializer
from redis.retry import Retry

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
        name: the name that ``CLIENT LIST`` shows.
        client: the class of the client.
    """
    return client.from_url(
        url, socket_timeout=timeout, client_name=name, retry=AsyncRetry(NoBackoff(), 0), **_SHARED
    )


def connect_thread(url: str, *, timeout: float = COMMAND_TIMEOUT, name: str | None = None) -> redis.Redis:
    """Make a client for threads, with the same habits as :func:`connect`."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout,
        client_name=name,
        retry=Retry(NoBackoff(), 0),
        command_packer=_StrangeBytes(),
        **_SHARED,
    )


class _StrangeBytes(HiredisRespSerializer):
    """Packs commands as redis-py does for threads, which forgets there what ``encoding_errors`` asks for."""

    def pack(self, *args: Any) -> Any:
        try:
            return super().pack(*args)
        except UnicodeEncodeError:
            return super().pack(*map(_as_bytes, args))


def _as_bytes(argument: Any) -> Any:
    return argument.encode(errors="surrogateescape") if isinstance(argument, str) else argument
