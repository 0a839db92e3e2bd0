"""The HTTP clients of the adapters: no clock of their own, no retry, no redirect, bounded bodies.

One clock decides how long a call may take, the caller's: a client's own timeouts bound each read of a socket
but not their sum. A client that blocks keeps the deadline of the work at hand
(:mod:`aiplane.http_network`), and takes two thirds of the CPU of one on a loop, whose calls are given up
(:class:`aiplane.background.BackgroundLoop`).

Proxies of the environment (``HTTPS_PROXY``, ``NO_PROXY``) and its certificates (``SSL_CERT_FILE``) are
honoured, as by any client: a company's network often has no other way out. Redirects are not followed: they
would carry what is sent to an address that nobody configured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2

from aiplane.foreign import causes, why_not_connected
from aiplane.http_network import DeadlineNetwork

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Far above any answer in words; what is longer is cut off before it fills the memory."""

_KEEP_IDLE_SECONDS = 4.0
"""Common servers close an idle connection after 5 s; one that is about to go away is not used again."""


_MANNERS: dict[str, Any] = {
    "timeout": None,
    "follow_redirects": False,
    # The pools' sizes bound how many calls there are.
    "limits": httpx2.Limits(max_connections=None, keepalive_expiry=_KEEP_IDLE_SECONDS),
    "headers": {"Accept-Encoding": "identity"},
}
"""What is asked of every client."""


class UnreadableBodyError(Exception):
    """The server sends a body that is not read to its end. The message is ours."""


def open_http(
    *,
    login: httpx2.BasicAuth | None = None,
    refusal: type[Exception] = UnreadableBodyError,
    max_body: int = MAX_BODY_BYTES,
) -> httpx2.AsyncClient:
    """Make a client. It belongs to the event loop on which it is first used.

    Args:
        login: the user and password of a server of one's own.
        refusal: what is raised of a body that is not read to its end.
        max_body: the longest body that is read, in bytes.
    """

    async def bounded(response: httpx2.Response) -> None:
        _bound(response, refusal, max_body)

    return httpx2.AsyncClient(auth=login, event_hooks={"response": [bounded]}, **_MANNERS)


def open_blocking_http(
    *,
    login: httpx2.BasicAuth | None = None,
    refusal: type[Exception] = UnreadableBodyError,
    max_body: int = MAX_BODY_BYTES,
) -> httpx2.Client:
    """Make a client for any number of threads, each of which calls it under a deadline of its own.

    The arguments are those of :func:`open_http`.
    """

    def bounded(response: httpx2.Response) -> None:
        _bound(response, refusal, max_body)

    return _PunctualClient(auth=login, event_hooks={"response": [bounded]}, **_MANNERS)


def why_no_answer(error: BaseException) -> str:
    """Say why a request got no answer, in words that are not the server's."""
    for cause in causes(error):
        match cause:
            case httpx2.RemoteProtocolError():
                return "it was closed before the answer was complete"
            case httpx2.InvalidURL():
                return "the address is not a URL"
    return why_not_connected(error)


class _PunctualClient(httpx2.Client):
    """A client whose every connection, through a proxy or not, keeps the deadline of the work at hand."""

    def _init_transport(self, *args: Any, **kwargs: Any) -> httpx2.BaseTransport:
        return _punctual(super()._init_transport(*args, **kwargs))

    def _init_proxy_transport(self, *args: Any, **kwargs: Any) -> httpx2.BaseTransport:
        return _punctual(super()._init_proxy_transport(*args, **kwargs))


def _punctual(transport: Any) -> httpx2.BaseTransport:
    # httpcore2 takes a network where it makes its pools; httpx2 makes them, and passes none on.
    transport._pool._network_backend = DeadlineNetwork()  # noqa: SLF001
    return transport  # type: ignore[no-any-return]


def _bound(response: httpx2.Response, refusal: type[Exception], max_body: int) -> None:
    """Limit a body that is about to be read. A compressed one is refused: it could unpack to gigabytes."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise refusal("it is compressed, although the request forbade it")
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _BoundedAsyncStream(response.stream, refusal, max_body)
    elif isinstance(response.stream, httpx2.SyncByteStream):
        response.stream = _BoundedStream(response.stream, refusal, max_body)


class _Meter:
    """Counts the bytes of a body, and breaks off past the limit."""

    def __init__(self, refusal: type[Exception], max_body: int) -> None:
        self._refusal = refusal
        self._max_body = max_body
        self._size = 0

    def count(self, chunk: bytes) -> bytes:
        """Return the chunk, if there is room for it."""
        self._size += len(chunk)
        if self._size > self._max_body:
            raise self._refusal(f"it is longer than {self._max_body // 1024 // 1024} MiB")
        return chunk


class _BoundedAsyncStream(httpx2.AsyncByteStream):
    """A body that is read on a loop."""

    def __init__(self, stream: httpx2.AsyncByteStream, refusal: type[Exception], max_body: int) -> None:
        self._stream = stream
        self._meter = _Meter(refusal, max_body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield self._meter.count(chunk)

    async def aclose(self) -> None:
        await self._stream.aclose()


class _BoundedStream(httpx2.SyncByteStream):
    """A body that is read by a thread."""

    def __init__(self, stream: httpx2.SyncByteStream, refusal: type[Exception], max_body: int) -> None:
        self._stream = stream
        self._meter = _Meter(refusal, max_body)

    def __iter__(self) -> Iterator[bytes]:
        return map(self._meter.count, self._stream)

    def close(self) -> None:
        self._stream.close()
