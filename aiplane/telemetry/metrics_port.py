"""HTTP on ``METRICS_PORT``: ``/metrics`` for Prometheus, ``/healthz`` for probes, and nothing else.

Whoever reaches the port can open connections, so they are few and short: where all are taken, the one that
has been silent for longest is closed for the next. A probe costs no start of an interpreter, and is answered
whatever scrapes are under way.
"""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

PORTS = 20
"""How many ports are tried: several processes on one machine share the setting."""

CONNECTIONS = 16
"""How many connections are held at once."""

SCRAPES = 4
"""How many of them may be scrapes, which wait for Redis: the others are for probes."""

IDLE_SECONDS = 5.0
"""How long a connection may neither say nor take anything."""


class MetricsPort:
    """The first free port from a certain one on, and what is answered there."""

    def __init__(self, host: str, first: int) -> None:
        """Listen; nobody is answered before :meth:`start`.

        Args:
            host: the IP address to listen at.
            first: the first port to try.

        Raises:
            OSError: no port can be had.
        """
        self._server = _first_free(host, first)
        self._server.set_app(self._answer)
        self._scrapes = threading.BoundedSemaphore(SCRAPES)
        self.port = int(self._server.server_address[1])
        self.metrics: WSGIApplication | None = None
        self.complaint: Callable[[], str] = lambda: "the process is starting."

    def start(self) -> None:
        """Answer from now on, in threads that do not hold up the end of the process."""
        threading.Thread(target=self._server.serve_forever, name="metrics port", daemon=True).start()

    def close(self) -> None:
        """Answer no longer. For programs that outlive it."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/healthz":
            complaint = self.complaint()
            status = HTTPStatus.SERVICE_UNAVAILABLE if complaint else HTTPStatus.OK
            return _say(start_response, status, complaint or "it serves.")
        if path == "/metrics" and self.metrics is not None:
            return self._scrape(self.metrics, environ, start_response)
        there = "/healthz" if self.metrics is None else "/metrics and /healthz"
        return _say(start_response, HTTPStatus.NOT_FOUND, f"there is {there}.")

    def _scrape(
        self, metrics: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if not self._scrapes.acquire(blocking=False):
            return _say(start_response, HTTPStatus.SERVICE_UNAVAILABLE, "too many scrapes are under way.")
        try:
            return metrics(environ, start_response)
        finally:
            self._scrapes.release()


def _say(start_response: StartResponse, status: HTTPStatus, sentence: str) -> Iterable[bytes]:
    start_response(f"{status.value} {status.phrase}", [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{sentence}\n".encode(errors="replace")]


class _Server(ThreadingMixIn, WSGIServer):
    """A server that never holds more than :data:`CONNECTIONS`."""

    daemon_threads = True
    request_queue_size = 1024  # whoever waits there costs us no file

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._changed = threading.Condition()
        self._open: set[Any] = set()
        self._silent: dict[Any, None] = {}
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind, and do not ask a name server what the host is called, as HTTPServer does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        try:
            return super().get_request()
        except OSError:
            # Without files to spare, the next try would come at once, and for ever.
            time.sleep(0.1)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin with a connection, if there is room for it."""
        if self._admit(request):
            super().process_request(request, client_address)
        else:
            super().shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._silent.pop(request, None)
            self._changed.notify_all()

    def has_asked(self, request: Any) -> None:
        """Take note that a connection has sent a whole request, and is not silent any more."""
        with self._changed:
            self._silent.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 -- its signature
        """Say nothing of connections that break, or are silent for too long."""
        log.debug("a connection to the metrics port has broken")

    def _admit(self, request: Any) -> bool:
        with self._changed:
            if len(self._open) >= CONNECTIONS and self._silent:
                longest = next(iter(self._silent))
                del self._silent[longest]
                with suppress(OSError):
                    longest.shutdown(socket.SHUT_RDWR)
                self._changed.wait_for(self._has_room, timeout=1.0)
            if not self._has_room():
                return False
            self._open.add(request)
            self._silent[request] = None
            return True

    def _has_room(self) -> bool:
        return len(self._open) < CONNECTIONS


class _Handler(WSGIRequestHandler):
    """One request on one connection."""

    server: _Server
    timeout = IDLE_SECONDS

    def parse_request(self) -> bool:
        """Read a request, as far as its headers go."""
        asked = super().parse_request()
        if asked:
            self.server.has_asked(self.connection)
        return asked

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _first_free(host: str, first: int) -> _Server:
    last = min(first + PORTS, 65_536) - 1
    for port in range(first, last + 1):
        try:
            return _Server(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or port == last:
                raise
    raise AssertionError("unreachable: the last port was taken, or it was not")
