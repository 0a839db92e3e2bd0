"""The network under the blocking client: who is tried, for how long, and in what parts."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import httpcore2
import pytest

from aiplane.context import deadline
from aiplane.providers.http.network import DeadlineNetwork

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESSES = ("192.0.2.1", "192.0.2.2")


class FakeNetwork(httpcore2.SyncBackend):
    """Notes how long each address has; those of ``silent`` never answer."""

    def __init__(self, silent: tuple[str, ...]) -> None:
        self.silent = silent
        self.asked: dict[str, float] = {}
        self.stream = FakeStream()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: Any, **__: Any
    ) -> FakeStream:
        self.asked[host] = timeout or 0.0
        if host in self.silent:
            raise httpcore2.ConnectTimeout
        return self.stream


class FakeStream(httpcore2.NetworkStream):
    """Notes how long each part of what is written has, and takes a moment for it."""

    def __init__(self) -> None:
        self.written: list[tuple[int, float]] = []

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written.append((len(buffer), timeout or 0.0))
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def _two_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 443)) for address in ADDRESSES]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def network(silent: tuple[str, ...] = ()) -> tuple[DeadlineNetwork, FakeNetwork]:
    made, fake = DeadlineNetwork(), FakeNetwork(silent)
    made._network = fake
    return made, fake


def test_an_address_that_does_not_answer_leaves_time_for_the_next() -> None:
    made, fake = network(silent=ADDRESSES[:1])
    with deadline.within(60):
        made.connect_tcp("model.invalid", 443)

    assert fake.asked[ADDRESSES[0]] == 1.0
    assert fake.asked[ADDRESSES[1]] > 50


def test_where_no_address_answers_the_last_one_says_so() -> None:
    made, fake = network(silent=ADDRESSES)
    with deadline.within(60), pytest.raises(httpcore2.ConnectTimeout):
        made.connect_tcp("model.invalid", 443)

    assert tuple(fake.asked) == ADDRESSES


def test_each_part_that_is_written_has_what_is_left_of_the_time() -> None:
    made, fake = network()
    with deadline.within(60):
        made.connect_tcp("model.invalid", 443).write(b"x" * 40_000)

    sizes, seconds = zip(*fake.stream.written, strict=True)
    assert sizes == (16_384, 16_384, 7_232)
    assert sorted(seconds, reverse=True) == list(seconds)
    assert len(set(seconds)) == 3


def test_past_the_deadline_nothing_is_tried() -> None:
    made, fake = network()
    with deadline.within(60):
        stream = made.connect_tcp("model.invalid", 443)
    fake.asked.clear()
    with deadline.within(0):
        with pytest.raises(httpcore2.ConnectTimeout):
            made.connect_tcp("model.invalid", 443)
        with pytest.raises(httpcore2.ReadTimeout):
            stream.read(1)
        with pytest.raises(httpcore2.WriteTimeout):
            stream.write(b"x")
        with pytest.raises(httpcore2.ConnectTimeout):
            stream.start_tls(None)  # type: ignore[arg-type]

    assert not fake.asked
    assert not fake.stream.written


def test_a_read_ends_when_the_work_is_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent_server(monkeypatch) as stream, deadline.can_be_called_off() as call_off, deadline.within(60):
        threading.Timer(0.1, call_off.make).start()
        began = time.monotonic()
        assert stream.read(100) == b""
        assert time.monotonic() - began < 5


def test_a_handshake_ends_when_the_work_is_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    tls = ssl.create_default_context()
    with silent_server(monkeypatch) as stream, deadline.can_be_called_off() as call_off, deadline.within(60):
        threading.Timer(0.1, call_off.make).start()
        began = time.monotonic()
        with pytest.raises(httpcore2.ConnectError):
            stream.start_tls(tls, "localhost")
        assert time.monotonic() - began < 5


@contextmanager
def silent_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[httpcore2.NetworkStream]:
    """Connect to a server that never says anything."""
    monkeypatch.undo()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with deadline.within(60):
            stream = DeadlineNetwork().connect_tcp("127.0.0.1", silent.getsockname()[1])
        with closing(stream):
            yield stream
