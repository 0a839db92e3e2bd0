"""The HTTP clients of the adapters: no clock of their own, no retry, no redirect, bounded bodies.

One clock decides how long a call may take, the caller's: a client's own timeouts bound each read of a socket
but not their sum. A call blocks its thread, for half to two thirds of what it costs on a loop, and every wait
in it keeps the deadline of the work at hand (:mod:`aiplane.providers.http.network`).

Proxies of the environment (``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``; SOCKS too) and its certificates
(``SSL_CERT_FILE``) are honoured, as by any client: a company's network often has no other way out. Redirects
are not followed: they would carry what is sent to an address that nobody configured.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

import httpx2
from socksio import ProtocolError as SocksError

from aiplane.errors.opaque import ForeignError, causes, why_not_connected
from aiplane.providers.http.environment import FAULTS, environment_error
from aiplane.providers.http.network import DeadlineNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpcore2

MAX_BODY_BYTES = 4 * 1024 * 1024
"""Far above any answer in words; what is longer is cut off before it fills the memory."""

_KEEP_IDLE_SECONDS = 4.0
"""Common servers close an idle connection after 5 s; one that is about to go away is not used again."""

_ONE_PIECE_BYTES = 1024 * 1024
"""The longest body that is put together before it is sent: a minute of sound at 128 kbit/s.

Otherwise a form leaves part by part, in some fifteen small writes, which take a third of what the client
costs. From twice this length on, the copy costs what it saves; and 25 MB are not to lie in memory twice.
"""


class _Closable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Closable)


class OpenedOnce(Generic[C]):
    """A client for any number of threads, which the first of their calls opens."""

    def __init__(self, opened: Callable[[], C]) -> None:
        self._opened = opened
        self._guard = threading.Lock()
        self._client: C | None = None

    def get(self) -> C:
        """Return the client; raises whatever opening it raises."""
        with self._guard:
            if self._client is None:
                self._client = self._opened()
            return self._client

    def close(self) -> None:
        """Close it, if it is open. It is opened anew by a later call."""
        with self._guard:
            client, self._client = self._client, None
        if client is not None:
            client.close()


class UnreadableBodyError(Exception):
    """Body that is not read to its end. The message is ours."""


def open_http(
    *,
    login: httpx2.BasicAuth | None = None,
    refusal: type[Exception] = UnreadableBodyError,
    max_body: int = MAX_BODY_BYTES,
) -> httpx2.Client:
    """Make a client for any number of threads, each of which calls it under a deadline of its own.

    Args:
        login: the user and password of a server of one's own.
        refusal: what is raised of a body that is not read to its end.
        max_body: the longest body that is read, in bytes.

    Raises:
        HttpEnvironmentError: a variable of the environment, for proxies or certificates, is wrong.
    """

    def bounded(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            # It could unpack to gigabytes.
            raise refusal("it is compressed, although the request forbade it")
        body = cast("httpx2.SyncByteStream", response.stream)
        response.stream = _BoundedStream(body, refusal, max_body)

    try:
        return _PunctualClient(
            auth=login,
            timeout=None,
            follow_redirects=False,
            # The pools' sizes bound how many calls there are.
            limits=httpx2.Limits(max_connections=None, keepalive_expiry=_KEEP_IDLE_SECONDS),
            headers={"Accept-Encoding": "identity"},
            event_hooks={"request": [_join], "response": [bounded]},
        )
    except FAULTS as error:
        raise environment_error() from ForeignError(error)


def check_environment() -> None:
    """Open a client as every adapter does, and close it again.

    Raises:
        HttpEnvironmentError: a variable of the environment, for proxies or certificates, is wrong.
    """
    open_http().close()


def why_no_answer(error: BaseException) -> str:
    """Say why a request got no answer, in words that are not the server's."""
    for cause in causes(error):
        match cause:
            case httpx2.RemoteProtocolError():
                return "it was closed before the answer was complete"
            case httpx2.InvalidURL():
                return "the address is not a URL"
            case httpx2.ProxyError():
                return "the proxy that the environment names did not let it through"
    return why_not_connected(error)


def _join(request: httpx2.Request) -> None:
    """Make one piece of a short body."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) <= _ONE_PIECE_BYTES:
        request.read()


class _PunctualClient(httpx2.Client):
    """A client whose every connection, through a proxy or not, keeps the deadline of the work at hand."""

    def _init_transport(self, *args: Any, **kwargs: Any) -> httpx2.BaseTransport:
        return _punctual(super()._init_transport(*args, **kwargs), DeadlineNetwork())

    def _init_proxy_transport(self, *args: Any, **kwargs: Any) -> httpx2.BaseTransport:
        network = DeadlineNetwork()
        return _ProxyTransport(_punctual(super()._init_proxy_transport(*args, **kwargs), network), network)


class _ProxyTransport(httpx2.BaseTransport):
    """A way through a proxy; one that does not speak as it should is a connection that failed."""

    def __init__(self, transport: httpx2.BaseTransport, network: DeadlineNetwork) -> None:
        self._transport = transport
        self._network = network

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            with self._network.closing_on_failure():
                return self._transport.handle_request(request)
        except (SocksError, AssertionError) as error:  # httpcore2 asserts that a proxy answers in order
            raise httpx2.ProxyError("the proxy does not speak SOCKS", request=request) from error

    def close(self) -> None:
        self._transport.close()


def _punctual(transport: Any, network: httpcore2.NetworkBackend) -> httpx2.BaseTransport:
    # httpcore2 takes a network where it makes its pools; httpx2 makes them, and passes none on.
    transport._pool._network_backend = network  # noqa: SLF001
    return transport  # type: ignore[no-any-return]


class _BoundedStream(httpx2.SyncByteStream):
    """A body that breaks off past the limit."""

    def __init__(self, stream: httpx2.SyncByteStream, refusal: type[Exception], max_body: int) -> None:
        self._stream = stream
        self._refusal = refusal
        self._max_body = max_body

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if size > self._max_body:
                raise self._refusal(f"it is longer than {self._max_body // 1024 // 1024} MiB")
            yield chunk

    def close(self) -> None:
        self._stream.close()
