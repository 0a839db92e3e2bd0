"""Connection of a client: how long it may take to ask for something, and to take what it is answered.

The server that we use bounds neither, so a few thousand sockets that send a byte now and then, or read none,
would keep everybody else out. How long a body may take, :mod:`control_plane.envelope` says.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio
    from typing import Any

HEAD_SECONDS: Final = 30.0
"""Seconds from the beginning of a connection, or the end of an answer, to the whole head of a request."""

UNTAKEN_SECONDS: Final = 30.0
"""Seconds for which a client may take nothing of what was sent to it."""


class Connection(H11Protocol):
    """HTTP/1.1 on one socket, as uvicorn speaks it, with an end to patience."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for a request."""
        super().connection_made(transport)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; elsewhere the proxy in front has to do it
            taken_within = int(UNTAKEN_SECONDS * 1000)
            transport.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, taken_within
            )
        self._wait_for_a_head()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        super().on_response_complete()
        self._wait_for_a_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        if self._late is not None:
            self._late.cancel()

    def _wait_for_a_head(self) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _give_up(self) -> None:
        # A request whose head is there has a cycle, and limits of its own.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
