"""HTTP/1.1 as the fake provider speaks it, down to the byte, so that it can also break it."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


async def read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    """Read one request: its path, its headers with names in lower case, its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    named = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in named}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return first.split(" ")[1].partition("?")[0], headers, body


def read_body(headers: dict[str, str], body: bytes) -> tuple[dict[str, Any], str]:
    """Return the request's fields, and the text in it in which directives may stand."""
    kind, _, boundary = headers.get("content-type", "").partition("boundary=")
    if kind.startswith("application/ssml+xml"):
        return {"ssml": body.decode()}, body.decode()
    if not kind.startswith("multipart/"):
        request = json.loads(body or b"{}")
        said = (str(message.get("content")) for message in request.get("messages", ()))
        return request, "\n".join((*said, str(request.get("input"))))
    fields: dict[str, Any] = {}
    for part in body.split(b"--" + boundary.strip('"').encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        content = content.removesuffix(b"\r\n")
        named = dict(
            word.split("=", 1) for word in head.decode().replace("\r\n", "; ").split("; ") if "=" in word
        )
        named = {key: value.strip('"') for key, value in named.items()}
        if "filename" in named:
            media = head.decode().lower().partition("content-type:")[2].strip()
            fields[named["name"]] = {"filename": named["filename"], "type": media, "size": len(content)}
        else:
            fields[named["name"]] = content.decode()
    return fields, body.decode("latin-1")


def response(
    status: int,
    body: bytes,
    *,
    kind: str = "application/json",
    encoding: str = "",
    location: str = "",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"content-type: {kind}", f"content-length: {len(body)}"]
    lines += [f"content-encoding: {encoding}"] * bool(encoding) + [f"location: {location}"] * bool(location)
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


async def drip(writer: asyncio.StreamWriter, response: bytes, head: int, pause: float) -> None:
    await send(writer, response[:head])
    for byte in response[head:]:
        await asyncio.sleep(pause)
        await send(writer, bytes((byte,)))


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with an RST packet instead of a FIN."""
    connected = writer.get_extra_info("socket")
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
