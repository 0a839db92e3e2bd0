"""Bytes that no client of good will sends, on sockets: heads without end, two lengths, answers not taken."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from control_plane import connection
from control_plane.server import LARGEST_HEAD
from tests.support.api import Api, api_environment, listening, serving, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.postgres_server import PostgresServer

HELLO = b"GET /health HTTP/1.1\r\nHost: api\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
async def api(postgres: PostgresServer) -> AsyncIterator[Api]:
    async with serving(api_environment(postgres.url)) as (api, app), listening(app, api):
        yield api


@asynccontextmanager
async def connected(api: Api) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    url = urlsplit(str(api.client.base_url))
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def told(api: Api, data: bytes) -> bytes:
    """Send bytes, and return all that comes until the service closes the connection."""
    async with asyncio.timeout(20), connected(api) as (reader, writer):
        writer.write(data)
        answer = b""
        with suppress(ConnectionResetError):  # it closes before all was sent
            while piece := await reader.read(65_536):
                answer += piece
        return answer


@pytest.mark.parametrize(
    "beginning", [b"", b"GET /health HT", HELLO[:-2] + b"X: ", HELLO + b"GET /health HTTP/1.1\r\nHost"]
)
async def test_a_head_that_does_not_end_is_not_waited_for(
    api: Api, monkeypatch: pytest.MonkeyPatch, beginning: bytes
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    async with asyncio.timeout(20), connected(api) as (reader, writer):
        writer.write(beginning)
        if beginning.startswith(HELLO):
            assert (await reader.readuntil(b"\r\n")) == OK
        while not reader.at_eof():
            writer.write(b"x")  # a byte now and then does not earn it more time
            try:
                async with asyncio.timeout(0.05):
                    await reader.read(1024)
            except TimeoutError:
                continue
            except ConnectionResetError:
                break


async def test_whoever_asks_in_time_is_served_however_long_it_takes(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    room = await api.room()
    head = (
        f"GET /rooms/{room}/ai/events HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {token('ada')}\r\n\r\n"
    )
    async with asyncio.timeout(20), connected(api) as (reader, writer):
        writer.write(head.encode())
        await reader.readuntil(b"event: ready")
        await asyncio.wait([ended := asyncio.create_task(reader.readuntil(b"0\r\n\r\n"))], timeout=0.6)
        assert not ended.done()
        ended.cancel()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * LARGEST_HEAD,
        b"GET /health HTTP/1.1\r\nHost: api\r\n" + b"X-Much: " + b"y" * LARGEST_HEAD,
        b"GET /health HTTP/1.1\r\nHost: api\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)),
    ],
)
async def test_a_head_without_end_is_not_kept(api: Api, head: bytes) -> None:
    assert (await told(api, head)).startswith(b"HTTP/1.1 400 ")
    assert (await api.call("GET", "/health")).status_code == 200


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: 4, 5\r\n",
        b"Content-Length: +4\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length : 4\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b" Transfer-Encoding: chunked\r\n",
    ],
)
async def test_what_two_readers_could_frame_in_two_ways_ends_the_connection(api: Api, framing: bytes) -> None:
    smuggled = HELLO.replace(b"/health", b"/smuggled")
    head = b"POST /problems HTTP/1.1\r\nHost: api\r\n" + framing + b"\r\n"
    answers = await told(api, head + b"0\r\n\r\n" + smuggled)
    # What came behind was never taken for a request, and the connection was closed.
    assert b"HTTP/1.1 404 " not in answers
    assert b"HTTP/1.1 200 " not in answers
    assert b"connection: close" in answers.lower()


@pytest.mark.parametrize(
    "head",
    [
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /health HTTP/1.1\nHost: api\nX: a\x00b\n\n",
        b"GET /health HTTP/1.1\r\nHost: api\r\nX: a\rb\r\n\r\n",
        b"GET /he\x00lth HTTP/1.1\r\nHost: api\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_400_and_ends_the_connection(api: Api, head: bytes) -> None:
    assert (await told(api, head)).startswith(b"HTTP/1.1 400 ")


async def test_a_chunk_that_lies_about_its_size_ends_the_connection(api: Api) -> None:
    head = (
        b"POST /problems HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer "
        + token("ada", scope="service").encode()
        + b"\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    for chunk in (b"zz\r\n", b"ffffffffffffffffffffff\r\n", b"2\r\n{}}}\r\n0\r\n\r\n"):
        answer = await told(api, head + chunk)
        assert answer.count(b"HTTP/1.1 ") == 1
        assert answer.split()[1] == b"400"


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux counts this time")
async def test_a_stream_that_nobody_reads_ends(
    api: Api, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "UNTAKEN_SECONDS", 1.0)
    room = await api.room()
    # More than the buffers of both ends hold.
    postgres.query(
        "INSERT INTO events (room_id, type, data) SELECT %s, 'message',"
        " jsonb_build_object('text', repeat('x', 20000)) FROM generate_series(1, 2000)",
        room,
    )
    url = urlsplit(str(api.client.base_url))
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.to_thread(deaf.connect, (url.hostname, url.port))
        deaf.sendall(
            f"GET /rooms/{room}/ai/events HTTP/1.1\r\nHost: api\r\nLast-Event-ID: 0\r\n"
            f"Authorization: Bearer {token('ada')}\r\n\r\n".encode()
        )
        listeners = api.app.state.services.listeners
        async with asyncio.timeout(20):
            while len(listeners) != 1:  # noqa: ASYNC110 -- a socket rings no bell here
                await asyncio.sleep(0.01)
            while len(listeners) != 0:  # noqa: ASYNC110 -- likewise
                await asyncio.sleep(0.05)
