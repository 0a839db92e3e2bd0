"""Recordings on their way, over sockets: too large, too slow, cut off; and what a process keeps of them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from unittest.mock import ANY
from urllib.parse import urlsplit

import pytest

from control_plane import envelope
from tests.support.api import Api, api_environment, listening, serving, token
from tests.support.stand_in import living_pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

PIECE = bytes(64 * 1024)
FORM = (
    b"--cut\r\n"
    b'Content-Disposition: form-data; name="audio"; filename="said.webm"\r\n'
    b"Content-Type: audio/webm\r\n\r\n"
)


@pytest.fixture
async def api(postgres: PostgresServer, redis_server: RedisServer) -> AsyncIterator[Api]:
    redis_server.client.flushall()
    postgres.empty()
    more = {"STT_PROVIDER": "openai", "STT_MAX_AUDIO_SIZE_MB": "1"}
    async with (
        living_pools(redis_server.url),
        serving(api_environment(postgres.url, redis_server.url, **more)) as (api, app),
        listening(app, api),
    ):
        yield api


class Upload:
    """A request whose body is sent by hand, in chunks of HTTP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.sent = 0

    async def send(self, data: bytes) -> None:
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await self.writer.drain()
        self.sent += len(data)

    async def wanted(self) -> bool:
        """Whether the service begins to read the body, and so counts it as under way; else it has refused."""
        status, _ = await self.answer()
        return status == 100

    async def answer(self) -> tuple[int, dict[str, str]]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return int(head[0].split()[1]), headers


@asynccontextmanager
async def uploading(
    api: Api, path: str, *, kind: str = "form", asking: bool = False
) -> AsyncIterator[Upload]:
    """Begin an upload of Ada's; ``asking`` has the service say when it wants the body."""
    url = urlsplit(str(api.client.base_url))
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    type_ = "multipart/form-data; boundary=cut" if kind == "form" else "application/json"
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {token('ada')}\r\n"
        f"Content-Type: {type_}\r\nTransfer-Encoding: chunked\r\n"
        f"{'Expect: 100-continue' if asking else 'Accept: */*'}\r\n\r\n".encode()
    )
    try:
        yield Upload(reader, writer)
    finally:
        writer.close()


@pytest.mark.parametrize(("kind", "start"), [("form", FORM), ("json", b'{"audioBase64": "')])
async def test_an_upload_without_end_is_refused_once_it_is_past_the_limit(
    api: Api, kind: str, start: bytes
) -> None:
    async with uploading(api, f"/rooms/{await api.room()}/ai/voice", kind=kind) as upload:
        await upload.send(start)
        answered = asyncio.create_task(upload.answer())
        while not answered.done() and upload.sent < 50 * 2**20:
            await upload.send(b"A" * len(PIECE))
            await asyncio.sleep(0)
        status, headers = await answered
    assert (status, headers["content-type"]) == (413, "application/json")
    # What the buffers of two sockets hold was under way when the answer came.
    assert upload.sent < 12 * 2**20


async def test_the_whole_of_a_413_reaches_whoever_sends_all_before_reading(api: Api) -> None:
    files = {"audio": ("said.webm", bytes(20 * 2**20), "audio/webm")}
    refused = await api.call("POST", f"/rooms/{await api.room()}/ai/voice", files=files)
    assert (refused.status_code, refused.json()["code"]) == (413, "audio_too_large")
    assert (await api.call("GET", "/health")).status_code == 200


async def test_an_upload_that_stops_coming_is_a_408(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    room = await api.room()
    monkeypatch.setattr(envelope, "SILENT_SECONDS", 0.3)
    for kind in ("form", "json"):
        async with uploading(api, f"/rooms/{room}/ai/voice", kind=kind) as upload:
            await upload.send(FORM)
            status, headers = await upload.answer()
            # What was on its way is not taken for the next request.
            assert (status, headers["connection"], await upload.reader.read()) == (408, "close", ANY)


async def test_an_upload_that_trickles_ends_as_well(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    room = await api.room()
    monkeypatch.setattr(envelope, "BODY_SECONDS", 0.5)
    async with uploading(api, f"/rooms/{room}/ai/voice") as upload:
        await upload.send(FORM)
        answered = asyncio.create_task(upload.answer())
        while not answered.done():
            await upload.send(b"A")
            await asyncio.wait([answered], timeout=0.05)
        assert (await answered)[0] == 408


async def test_an_upload_that_is_cut_off_leaves_nothing_behind(
    api: Api, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    room = await api.room()
    path = f"/rooms/{room}/ai/voice"
    with caplog.at_level(logging.WARNING):
        for kind in ("form", "json", "form"):
            # The third is refused until the service has seen that the first is cut off.
            wanted = False
            while not wanted:
                async with uploading(api, path, kind=kind, asking=True) as upload:
                    if wanted := await upload.wanted():
                        await upload.send(FORM)
        files = {"audio": ("said.webm", b"sound", "audio/webm")}
        # More would be refused for ever, if the three still counted as under way.
        while True:
            accepted = await api.call("POST", path, files=files)
            if accepted.status_code != 503:
                break
    assert accepted.status_code == 202
    assert postgres.query("SELECT count(*) FROM jobs") == [(1,)]
    assert caplog.records == []


async def test_one_person_sends_two_at_once_and_others_are_not_kept_out(api: Api) -> None:
    room = await api.room(ada="candidate", bob="candidate")
    path = f"/rooms/{room}/ai/voice"
    files = {"audio": ("said.webm", b"sound", "audio/webm")}
    async with uploading(api, path, asking=True) as first, uploading(api, path, asking=True) as second:
        assert [await first.wanted(), await second.wanted()] == [True, True]
        third = await api.call("POST", path, files=files)
        assert (third.status_code, third.json()["code"]) == (503, "uploads_busy")
        assert third.headers["retry-after"] == "3"
        assert (await api.call("POST", path, files=files, user="bob")).status_code == 202
