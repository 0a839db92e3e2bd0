"""A TCP server in a thread with an event loop of its own, beside tests that block or have another loop."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl


class ThreadedServer(ABC):
    """The server. Used as a context manager it listens on 127.0.0.1 inside the block.

    Args:
        name: what it is called, where it does not start.
        port: where it listens; 0 for any port that is free.
        context: how it encrypts; None for not at all.

    Attributes:
        port: where it listens.
        loop: the loop of its thread, from the beginning of the block.
    """

    def __init__(self, name: str, port: int = 0, context: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.loop: asyncio.AbstractEventLoop
        self._context = context
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name=name, daemon=True)

    @abstractmethod
    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """See to one connection, in the server's thread. It is cancelled when the block ends."""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), f"the {self._thread.name} did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        server = await asyncio.start_server(
            self.accept, "127.0.0.1", self.port, backlog=1024, ssl=self._context
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
