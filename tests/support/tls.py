"""A Redis behind TLS: what is in front of it ends the encryption, with a certificate of its own authority."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import trustme

from tests.support.threaded_server import ThreadedServer

if TYPE_CHECKING:
    from pathlib import Path


class TlsRedis(ThreadedServer):
    """Proxy that passes on to a plain Redis what comes encrypted.

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
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self._certificate = folder / "authority of ours.pem"
        authority.cert_pem.write_to_path(str(self._certificate))
        self.accepted = 0
        super().__init__("TLS", context=context)

    @property
    def strange_url(self) -> str:
        return f"rediss://127.0.0.1:{self.port}{self._upstream.path}"

    @property
    def url(self) -> str:
        return f"{self.strange_url}?ssl_ca_certs={quote(str(self._certificate))}"

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes, both ways."""
        self.accepted += 1
        theirs = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        try:
            await asyncio.gather(_passed_on(reader, theirs[1]), _passed_on(theirs[0], writer))
        finally:
            for each in (theirs[1], writer):
                each.transport.abort()


async def _passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
