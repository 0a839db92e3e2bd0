"""The HTTP client of the adapters: no clock of its own, no retry, no redirect, bounded bodies.

One clock decides how long a call may take, the caller's (:class:`aiplane.background.BackgroundLoop`):
a client's own timeouts bound each read of a socket but not their sum. Proxies of the environment
(``HTTPS_PROXY``, ``NO_PROXY``) and its certificates (``SSL_CERT_FILE``) are honoured, as by any client: a
company's network often has no other way out. Redirects are not followed: they would carry what is sent to an
address that nobody configured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

from aiplane.foreign import causes, why_not_connected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Far above any answer in words; what is longer is cut off before it fills the memory."""

_KEEP_IDLE_SECONDS = 4.0
"""Common servers close an idle connection after 5 s; one that is about to go away is not used again."""


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
    bound = _Bound(refusal, max_body)
    return httpx2.AsyncClient(
        auth=login,
        timeout=None,
        follow_redirects=False,
        # The pools' sizes bound how many calls there are.
        limits=httpx2.Limits(max_connections=None, keepalive_expiry=_KEEP_IDLE_SECONDS),
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [bound.response]},
    )


def why_no_answer(error: BaseException) -> str:
    """Say why a request got no answer, in words that are not the server's."""
    for cause in causes(error):
        match cause:
            case httpx2.RemoteProtocolError():
                return "it was closed before the answer was complete"
            case httpx2.InvalidURL():
                return "the address is not a URL"
    return why_not_connected(error)


class _Bound:
    """Limits the bodies that are about to be read."""

    def __init__(self, refusal: type[Exception], max_body: int) -> None:
        self._refusal = refusal
        self._max_body = max_body

    async def response(self, response: httpx2.Response) -> None:
        """Limit one. A compressed body is refused: a few bytes of it could unpack to gigabytes."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self._refusal("it is compressed, although the request forbade it")
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _BoundedStream(response.stream, self._refusal, self._max_body)


class _BoundedStream(httpx2.AsyncByteStream):
    """A body that breaks off past the limit."""

    def __init__(self, stream: httpx2.AsyncByteStream, refusal: type[Exception], max_body: int) -> None:
        self._stream = stream
        self._refusal = refusal
        self._max_body = max_body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > self._max_body:
                raise self._refusal(f"it is longer than {self._max_body // 1024 // 1024} MiB")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
