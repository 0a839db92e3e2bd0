"""A Redis behind TLS: what is in front of it ends the encryption, with a certificate of its own authority."""

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit

import trustme

if TYPE_CHECKING:
    from pathlib import Path


class TlsRedis:
    """Passes on to a plain Redis what comes encrypted, in a thread of its own. Used as a context manager.

    Args:
        url: the plain server's URL.
        folder: where the authority's certificate is written.

    Attributes:
        url: where it listens, as a ``rediss://`` URL that names the authority.
        strange_url: the same for whoever does not know the authority.
        accepted: how many connections were made.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._upstream = urlsplit(url)
        authority = trustme.CA()
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(self._context)
        self._certificate = folder / "authority of ours.pem"
        authority.cert_pem.write_to_path(str(self._certificate))
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="tls", daemon=True)
        self._port = 0
        self.accepted = 0

    @property
    def strange_url(self) -> str:
        return f"rediss://127.0.0.1:{self._port}{self._upstream.path}"

    @property
    def url(self) -> str:
        return f"{self.strange_url}?ssl_ca_certs={quote(str(self._certificate))}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "it did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._context)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        theirs = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        await asyncio.gather(_passed_on(reader, theirs[1]), _passed_on(theirs[0], writer))


async def _passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
