"""The network under a blocking HTTP client: no wait in it outlasts the deadline of the work at hand.

A client's own timeouts bound each read of a socket but not their sum: a server that sends one byte a second
holds it for ever. Here each read is told how much time is left of all (:mod:`aiplane.context.deadline`).
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpcore2

from aiplane.context.bounded import OutOfTimeError, wait_for
from aiplane.context.deadline import broken_off_by, remaining

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

_TIMEOUT_SECONDS = 1.0
"""Seconds that a host's address has to answer while there is another one to try: many a host has one in IPv6
that cannot be reached from here."""

_PART = 16 * 1024
"""Bytes that are sent between two looks at the clock: what TLS sends at once.

httpcore2 sends a longer part in several goes, and each of them may take all the time that there was for the
first: a server that reads slowly would hold its caller for that many times as long.
"""


class DeadlineNetwork(httpcore2.NetworkBackend):
    """Connections to hosts, made before the deadline of whoever asks."""

    def __init__(self) -> None:
        self._network = httpcore2.SyncBackend()
        self._made = threading.local()

    @contextmanager
    def closing_on_failure(self) -> Iterator[None]:
        """Close, where the block fails, the connection that it made: httpcore2 forgets it behind SOCKS."""
        self._made.stream = None
        try:
            yield
        except BaseException:
            if self._made.stream is not None:
                self._made.stream.close()
            raise
        finally:
            self._made.stream = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 -- the deadline is all the time there is
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first of a host's addresses that answers."""
        options = list(socket_options or ())

        def connected() -> httpcore2.NetworkStream:
            *others, last = _addresses(host, port)
            for address in others:
                try:
                    seconds = min(_TIMEOUT_SECONDS, _left(httpcore2.ConnectTimeout))
                    return self._network.connect_tcp(address, port, seconds, local_address, options)
                except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                    continue
            seconds = _left(httpcore2.ConnectTimeout)
            return self._network.connect_tcp(last, port, seconds, local_address, options)

        try:
            # In another thread, because nothing else ends the wait for a name server.
            stream = wait_for(connected, _left(httpcore2.ConnectTimeout), name="connect")
        except OutOfTimeError:
            raise httpcore2.ConnectTimeout from None
        self._made.stream = stream
        return _Stream(stream)


class _Stream(httpcore2.NetworkStream):
    """One connection."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 -- see above
        with broken_off_by(self._shut_down):
            return self._stream.read(max_bytes, _left(httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 -- see above
        with broken_off_by(self._shut_down):
            for start in range(0, len(buffer), _PART):
                self._stream.write(buffer[start : start + _PART], _left(httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 -- see above
    ) -> httpcore2.NetworkStream:
        seconds = _left(httpcore2.ConnectTimeout)
        # While it shakes hands, the socket is no longer the one that it was.
        with _spare(self._stream) as spare, broken_off_by(lambda: _shut_down(spare)):
            return _Stream(self._stream.start_tls(ssl_context, server_hostname, seconds))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _shut_down(self) -> None:
        _shut_down(self._stream.get_extra_info("socket"))


@contextmanager
def _spare(stream: httpcore2.NetworkStream) -> Iterator[socket.socket | None]:
    """Have a second name for a stream's socket in the block."""
    own = stream.get_extra_info("socket")
    if not isinstance(own, socket.socket):
        yield None
        return
    with socket.socket(fileno=os.dup(own.fileno())) as spare:
        yield spare


def _shut_down(own: socket.socket | None) -> None:
    """End whoever waits for a connection in another thread; closing it would not."""
    if isinstance(own, socket.socket):
        with suppress(OSError):
            # Not the method of a TLS socket, which takes away what that thread is using.
            socket.socket.shutdown(own, socket.SHUT_RDWR)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:  # a name, or a port, that can be none
        raise httpcore2.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _left(late: type[httpcore2.TimeoutException]) -> float:
    """Return the seconds that are left, which are some; ``late`` is raised where there are none."""
    if (seconds := remaining()) > 0:
        return seconds
    raise late
