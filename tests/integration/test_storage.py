"""The bucket, on a real SeaweedFS: what is put, who may fetch it, and what every fault becomes."""

from __future__ import annotations

import socket
import threading
import traceback
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from aiplane.context import deadline
from aiplane.providers import Providers
from aiplane.providers.storage import s3 as storage
from aiplane.providers.storage.errors import (
    ObjectMissingError,
    ObjectTooLargeError,
    StorageError,
    StorageForbiddenError,
    StorageRefusedError,
    StorageUnavailableError,
)
from aiplane.providers.storage.s3 import Storage
from aiplane.settings import Settings, SettingsError
from tests.support.amazon import ListingForbidden
from tests.support.s3 import BUCKET, NARROW_KEY, SECRET_KEY, S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "rooms/room-1/ai/42.mp3"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> Storage:
    return Storage(settings(s3))


def settings(s3: S3Server, **env: str) -> Settings:
    return Settings.load({**s3.env, **env})


def browse(url: str) -> tuple[int, bytes, str]:
    """Fetch a URL as a browser would, without any credentials of its own."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read(), response.headers["content-type"]
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, b"", ""


def test_what_is_put_is_there_with_its_type_and_its_note(s3: S3Server, bucket: Storage) -> None:
    bucket.put(KEY, b"sound", mime_type="audio/mpeg", note="abc")

    assert s3.get(KEY) == b"sound"
    assert s3.client.stat_object(BUCKET, KEY).content_type == "audio/mpeg"
    assert bucket.note(KEY) == "abc"
    assert bucket.get(KEY, limit=5) == b"sound"


def test_of_what_is_not_there_there_is_no_note(bucket: Storage) -> None:
    assert bucket.note("rooms/none/ai/none.mp3") is None
    with pytest.raises(ObjectMissingError):
        bucket.get("rooms/none/ai/none.mp3", limit=100)


def test_what_is_removed_is_gone(s3: S3Server, bucket: Storage) -> None:
    bucket.put("probe", b"x", mime_type="text/plain", note="")
    bucket.remove("probe")
    bucket.remove("probe")

    assert "probe" not in s3.objects()


# Links


def test_a_browser_fetches_the_link(bucket: Storage) -> None:
    bucket.put(KEY, b"sound", mime_type="audio/mpeg", note="")

    assert browse(bucket.link(KEY)) == (200, b"sound", "audio/mpeg")


@pytest.mark.parametrize("key", ["a b+c&d=e?f#g%20h.mp3", "rooms/zimmer-ü/ai/1.mp3", "~a!'()*.mp3"])
def test_a_key_may_hold_anything(bucket: Storage, key: str) -> None:
    bucket.put(key, b"sound", mime_type="audio/mpeg", note="")

    assert browse(bucket.link(key))[:2] == (200, b"sound")


def test_a_link_is_good_for_an_hour(s3: S3Server, bucket: Storage) -> None:
    bucket.put(KEY, b"sound", mime_type="audio/mpeg", note="")
    assert "X-Amz-Expires=3600&" in bucket.link(KEY)

    def signed_at(age: timedelta) -> str:
        return str(
            s3.client.presigned_get_object(
                BUCKET, KEY, expires=storage.LINK_LIFETIME, request_date=datetime.now(UTC) - age
            )
        )

    assert browse(signed_at(timedelta(minutes=59)))[0] == 200
    assert browse(signed_at(timedelta(minutes=61)))[0] == 403


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (KEY, "rooms/room-2/ai/42.mp3"),
        ("X-Amz-Expires=3600", "X-Amz-Expires=36000"),
        ("X-Amz-Credential=test", "X-Amz-Credential=rest"),
        ("X-Amz-Signature=", "X-Amz-Signature=0"),
    ],
)
def test_a_link_that_was_tampered_with_is_refused(bucket: Storage, old: str, new: str) -> None:
    for key in (KEY, "rooms/room-2/ai/42.mp3"):
        bucket.put(key, b"sound", mime_type="audio/mpeg", note="")
    link = bucket.link(KEY)
    assert old in link

    assert browse(link.replace(old, new))[0] == 403
    assert browse(link.partition("?")[0])[0] == 403


def test_links_are_for_the_public_endpoint(s3: S3Server, bucket: Storage) -> None:
    """The server behind it sees the same host and the same signature, however it is reached."""
    port = urlsplit(s3.url).port
    bucket.put(KEY, b"sound", mime_type="audio/mpeg", note="")

    local = Storage(settings(s3, S3_PUBLIC_ENDPOINT=f"http://localhost:{port}")).link(KEY)
    public = Storage(settings(s3, S3_PUBLIC_ENDPOINT="https://media.example.com")).link(KEY)

    assert browse(local)[:2] == (200, b"sound")
    assert public.startswith(f"https://media.example.com/{BUCKET}/{KEY}?X-Amz-")
    assert SECRET_KEY not in public


# Faults


def test_an_object_that_is_too_large_is_not_downloaded(s3: S3Server, bucket: Storage) -> None:
    bucket.put("large", bytes(300_000), mime_type="audio/wav", note="")
    assert len(bucket.get("large", limit=300_000)) == 300_000

    with pytest.raises(ObjectTooLargeError):
        bucket.get("large", limit=299_999)
    with server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n") as url, pytest.raises(ObjectTooLargeError):
        Storage(settings(s3, S3_ENDPOINT=url)).get("large", limit=99)


def test_a_bucket_that_is_missing_is_told(s3: S3Server) -> None:
    missing = Storage(settings(s3, S3_BUCKET="no-such-bucket"))

    with pytest.raises(StorageRefusedError, match="S3_BUCKET"):
        missing.check()
    with pytest.raises(StorageRefusedError):
        missing.get(KEY, limit=1)


def test_keys_that_are_wrong_are_told_and_not_shown(s3: S3Server) -> None:
    for wrong in ({"S3_SECRET_KEY": "hunter2"}, {"S3_ACCESS_KEY": "hunter2"}):
        other = Storage(settings(s3, **wrong))
        with pytest.raises(StorageRefusedError, match="S3_SECRET_KEY"):
            other.check()
        with pytest.raises(StorageRefusedError, match="S3_SECRET_KEY") as raised:
            other.put("x", b"x", mime_type="text/plain", note="")
        assert "hunter2" not in "".join(traceback.format_exception(raised.value))


def test_the_right_bucket_is_fit(bucket: Storage) -> None:
    bucket.check()


def test_a_server_that_is_not_there_is_unavailable(s3: S3Server) -> None:
    with pytest.raises(StorageUnavailableError, match="connection refused"):
        Storage(settings(s3, S3_ENDPOINT="http://127.0.0.1:1")).check()


@contextmanager
def server(answer: bytes) -> Iterator[str]:
    """Listen, read what comes, answer every request so, and then say nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                held.append(connection)
                connection.recv(65_536)
                connection.sendall(answer)

        held: list[socket.socket] = []
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in held:
            connection.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 503 No\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",
        b"garbage",
    ],
    ids=["silent", "500", "half", "redirect", "503", "garbage"],
)
def test_whatever_the_server_does_is_an_error_of_ours(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(storage, "_READ_SECONDS", 0.2)
    with server(answer) as url:
        strange = Storage(settings(s3, S3_ENDPOINT=url))
        for work in (
            lambda: strange.get(KEY, limit=1_000),
            lambda: strange.put(KEY, b"x", mime_type="text/plain", note=""),
        ):
            with pytest.raises(StorageError) as raised:
                work()
            assert url not in raised.value.sentence


def test_a_slow_drip_ends_with_the_deadline(s3: S3Server, bucket: Storage) -> None:
    bucket.put("large", bytes(600_000), mime_type="audio/wav", note="")
    with deadline.within(0.0), pytest.raises(StorageUnavailableError, match="in time"):
        bucket.get("large", limit=600_000)


# At the start of a pool


SPEECH = {"LLM_PROVIDER": "offline", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}


@pytest.mark.parametrize("kind", ["interview", "transcribe"])
def test_a_pool_that_needs_the_bucket_looks_for_it_at_its_start(s3: S3Server, kind: str) -> None:
    env = {**SPEECH, "TTS_PROVIDER": "openai", "STT_PROVIDER": "openai"}
    Providers(settings(s3, **env)).prepare(kind)  # type: ignore[arg-type]  # a parameter of the test

    with pytest.raises(SettingsError, match="S3_BUCKET"):
        Providers(settings(s3, **env, S3_BUCKET="no-such-bucket")).prepare(kind)  # type: ignore[arg-type]


def test_a_pool_that_needs_no_bucket_does_not_look(s3: S3Server) -> None:
    Providers(settings(s3, **SPEECH, TTS_PROVIDER="openai", S3_BUCKET="no-such-bucket")).prepare("hint")
    Providers(settings(s3, **SPEECH, S3_BUCKET="no-such-bucket")).prepare("interview")


def test_a_server_that_is_away_stops_no_pool(s3: S3Server, caplog: pytest.LogCaptureFixture) -> None:
    Providers(settings(s3, **SPEECH, TTS_PROVIDER="openai", S3_ENDPOINT="http://127.0.0.1:1")).prepare(
        "interview"
    )

    assert "S3_ENDPOINT" in caplog.text


def test_tls_that_plain_text_answers_says_so(s3: S3Server) -> None:
    bucket = Storage(settings(s3, S3_ENDPOINT=s3.url.replace("http://", "https://")))
    with pytest.raises(StorageUnavailableError, match="TLS was asked of a server that speaks plain text"):
        bucket.note(KEY)


def test_plain_text_that_tls_answers_says_so() -> None:
    def alert(listener: socket.socket) -> None:
        for _ in range(2):  # a request is tried twice
            connection, _address = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"\x15\x03\x01\x00\x02\x02\x46\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=alert, args=(listener,), daemon=True).start()
        keys = {"S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b", "S3_BUCKET": BUCKET}
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        bucket = Storage(Settings.load({**keys, "S3_ENDPOINT": endpoint}))
        with pytest.raises(StorageUnavailableError, match="the host speaks TLS"):
            bucket.note(KEY)


# Keys that may put and get, and no more


@pytest.fixture
def narrow(s3: S3Server) -> Iterator[ListingForbidden]:
    with ListingForbidden(s3.url) as endpoint:
        yield endpoint


def narrowly(s3: S3Server, endpoint: ListingForbidden, **env: str) -> Settings:
    return settings(s3, S3_ENDPOINT=endpoint.url, S3_ACCESS_KEY=NARROW_KEY, **env)


def test_without_the_right_to_list_objects_are_put_and_fetched(
    s3: S3Server, narrow: ListingForbidden
) -> None:
    key = "rooms/room-2/ai/1.mp3"
    bucket = Storage(narrowly(s3, narrow))
    assert bucket.note(key) is None
    bucket.put(key, b"sound", mime_type="audio/mpeg", note="42")
    assert bucket.note(key) == "42"
    assert bucket.get(key, limit=100) == b"sound"
    bucket.remove(key)
    assert narrow.refused == [("HEAD", f"/{BUCKET}/{key}")]


def test_without_the_right_to_list_what_is_missing_may_also_be_somebody_elses(
    s3: S3Server, narrow: ListingForbidden
) -> None:
    with pytest.raises(ObjectMissingError, match="not ours to read"):
        Storage(narrowly(s3, narrow)).get("rooms/nowhere", limit=100)


def test_a_pool_whose_keys_may_not_list_starts_and_says_so(
    s3: S3Server, narrow: ListingForbidden, caplog: pytest.LogCaptureFixture
) -> None:
    speaking = narrowly(s3, narrow, TTS_PROVIDER="openai", OPENAI_API_KEY="test", LLM_PROVIDER="offline")
    Providers(speaking).prepare("interview")
    assert "s3:ListBucket" in caplog.text
    with pytest.raises(StorageForbiddenError):
        Storage(speaking).check()


def test_keys_that_are_wrong_still_stop_a_pool(s3: S3Server, narrow: ListingForbidden) -> None:
    wrong = narrowly(
        s3, narrow, S3_SECRET_KEY="wrong", TTS_PROVIDER="openai", OPENAI_API_KEY="k", LLM_PROVIDER="offline"
    )
    with pytest.raises(SettingsError, match="S3_SECRET_KEY"):
        Providers(wrong).prepare("interview")


def test_what_may_not_be_put_is_told(s3: S3Server) -> None:
    with (
        ListingForbidden(s3.url, "PUT") as endpoint,
        pytest.raises(StorageForbiddenError, match="S3_ACCESS_KEY"),
    ):
        Storage(narrowly(s3, endpoint)).put(KEY, b"sound", mime_type="audio/mpeg", note="42")
