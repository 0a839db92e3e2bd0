"""The HTTP client: in how many pieces a request leaves, and how long an answer may be."""

from __future__ import annotations

from typing import Any

import httpcore2
import httpx2
import pytest

from aiplane.providers.http import client as http_client
from aiplane.providers.http.client import UnreadableBodyError, open_http

FIELDS = {"model": "whisper-1", "language": "en", "response_format": "json"}


class FakeNetwork(httpcore2.MockBackend):
    """Answers every request with nothing, and notes what is written."""

    def __init__(self, *answer: bytes) -> None:
        self.written: list[bytes] = []
        self._answer = answer or (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",)

    def connect_tcp(self, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        return FakeStream(list(self._answer), self.written)


class FakeStream(httpcore2.MockStream):
    def __init__(self, answer: list[bytes], written: list[bytes]) -> None:
        super().__init__(answer)
        self._written = written

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Where a body of known length ends, httpcore2 writes nothing, and no network sends it.
        self._written += [buffer] * bool(buffer)


def client(monkeypatch: pytest.MonkeyPatch, network: FakeNetwork, **how: Any) -> httpx2.Client:
    monkeypatch.setattr(http_client, "DeadlineNetwork", lambda: network)
    return open_http(**how)


def form(recording: bytes) -> dict[str, Any]:
    return {"data": FIELDS, "files": {"file": ("audio.webm", recording, "audio/webm")}}


def test_a_short_form_leaves_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    network, recording = FakeNetwork(), b"x" * 100_000
    with client(monkeypatch, network) as http:
        http.post("http://ear.invalid/", **form(recording))

    head, body = network.written
    assert head.startswith(b"POST / HTTP/1.1\r\n")
    assert recording in body
    assert f"content-length: {len(body)}\r\n".encode() in head.lower()
    assert all(name.encode() in body for name in FIELDS)


def test_a_long_recording_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    network, recording = FakeNetwork(), b"x" * (1024 * 1024)
    with client(monkeypatch, network) as http:
        http.post("http://ear.invalid/", **form(recording))

    assert any(piece is recording for piece in network.written)


def test_a_body_of_unknown_length_leaves_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    network = FakeNetwork()
    with client(monkeypatch, network) as http:
        http.post("http://ear.invalid/", content=iter([b"one", b"two"]))

    assert [piece for piece in network.written if b"one" in piece or b"two" in piece] == [
        b"3\r\none\r\n",
        b"3\r\ntwo\r\n",
    ]


@pytest.mark.parametrize("head", [b"content-length: 20", b"transfer-encoding: chunked"])
def test_an_answer_is_read_up_to_the_limit(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    chunk = b"x" * 10 if b"length" in head else b"a\r\nxxxxxxxxxx\r\n"
    network = FakeNetwork(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n", chunk, chunk, b"0\r\n\r\n")

    with client(monkeypatch, network, max_body=20) as http:
        assert http.get("http://voice.invalid/").content == b"x" * 20
    with (
        client(monkeypatch, network, max_body=19) as http,
        pytest.raises(UnreadableBodyError, match="longer"),
    ):
        http.get("http://voice.invalid/")
