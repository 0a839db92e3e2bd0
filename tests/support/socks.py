"""A SOCKS5 proxy, as far as a client behind one needs it, which can also misbehave."""

from __future__ import annotations

import asyncio
import struct
from typing import Literal

from tests.support.threaded_server import ThreadedServer

Manner = Literal["passes", "refuses", "babbles", "hangs"]


class SocksProxy(ThreadedServer):
    """The proxy. Used as a context manager it listens inside the block.

    Args:
        manner: what it does with a connection: pass it on, refuse it in the protocol's words, answer with
            something that is no SOCKS, or never answer.

    Attributes:
        passed: how many connections it passed on.
    """

    def __init__(self, manner: Manner = "passes") -> None:
        super().__init__("SOCKS proxy")
        self.passed = 0
        self._manner = manner

    @property
    def url(self) -> str:
        return f"socks5://127.0.0.1:{self.port}"

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak the protocol on one connection."""
        try:
            match self._manner:
                case "passes" | "refuses":
                    await self._pass(reader, writer)
                case "babbles":
                    await reader.read(1)
                    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    await writer.drain()
                case "hangs":
                    await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\x00")
        host, port = await _destination(reader)
        refusal = 2 if self._manner == "refuses" else 0
        writer.write(bytes((5, refusal, 0, 1)) + bytes(6))
        await writer.drain()
        if refusal:
            return
        self.passed += 1
        there, back = await asyncio.open_connection(host, port)
        await asyncio.gather(_copy(reader, back), _copy(there, writer))


async def _destination(reader: asyncio.StreamReader) -> tuple[str, int]:
    *_, kind = await reader.readexactly(4)
    if kind == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
    else:
        host = ".".join(str(byte) for byte in await reader.readexactly(4))
    (port,) = struct.unpack("!H", await reader.readexactly(2))
    return host, port


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()
