"""HTTP server of this process: it says where it serves once it does, and why it does not."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import uvicorn

from control_plane.connection import HEAD_SECONDS, Connection

if TYPE_CHECKING:
    import socket

    from starlette.types import ASGIApp

    from control_plane.bell import Bell

log = logging.getLogger("control_plane")

LARGEST_HEAD = 64 * 1024
"""Bytes of a request's line and headers. A token has a few thousand."""

SILENT_SECONDS = 5.0
"""How long the loop may be held up before probes are told so; it turns ten times a second."""


def configured(app: ASGIApp, host: str, port: int, *, grace: int, lifespan: bool = True) -> uvicorn.Config:
    """Return how an application is served.

    Args:
        app: the application.
        host: where to listen.
        port: likewise; 0 for any that is free.
        grace: seconds that open requests get to end.
        lifespan: whether the application is started and stopped with the server.
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Connection,
        lifespan="on" if lifespan else "off",
        # The log is ours, and says what was done by a request's id; addresses hold the ids of people.
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=int(HEAD_SECONDS),
        timeout_graceful_shutdown=grace,
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )


class Server(uvicorn.Server):
    """Uvicorn's server, which tells how it is.

    Like every process here it speaks for itself only: whether Redis, the database and the workers are there,
    ``/health/ai`` says, and a restart of this process would mend none of it.
    """

    def __init__(self, config: uvicorn.Config, bell: Bell) -> None:
        super().__init__(config)
        self._bell = bell
        self._turned_at = time.monotonic()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so in the words that a supervisor waits for."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            log.info("control plane is ready at http://%s:%d", host, port)

    async def on_tick(self, counter: int) -> bool:
        """Take note that the loop turns."""
        self._turned_at = time.monotonic()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop without waiting: streams have no end, and who waits for a result goes to another process."""
        self._bell.close()
        await super().shutdown(sockets)

    def complaint(self) -> str:
        """Return why it does not serve, as a sentence; empty if it does. For any thread."""
        if self.should_exit:
            return "it is stopping."
        if not self.started:
            return "it is starting."
        silent = time.monotonic() - self._turned_at
        return f"its loop has been held up for {silent:.0f} s." if silent > SILENT_SECONDS else ""
