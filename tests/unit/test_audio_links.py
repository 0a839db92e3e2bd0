"""Links to spoken replies: signed for whoever reads, and never stored."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from control_plane.audio_links import link_of, linked, unlinked
from control_plane.audio_store import AudioStore, store_of
from control_plane.settings import ControlPlaneSettings

STORAGE = {
    "S3_ENDPOINT": "http://s3.inside:9000",
    "S3_PUBLIC_ENDPOINT": "https://audio.example.org",
    "S3_ACCESS_KEY": "key",
    "S3_SECRET_KEY": "secret",
    "S3_BUCKET": "audio",
}
OLD = "https://old.example.org/link"


@pytest.fixture
def store() -> AudioStore:
    env = {"APP_ENV": "test", "DATABASE_URL": "postgresql://x/y", "JWT_SECRET": "x" * 32, **STORAGE}
    made = store_of(ControlPlaneSettings.load(env))
    assert made is not None
    return made


def result(key: Any = "rooms/1/ai/2.mp3") -> dict[str, Any]:
    audio = {"audioKey": key, "mimeType": "audio/mpeg", "downloadUrl": OLD}
    return {"message": "Hm.", "audioUrl": OLD, "audio": audio}


def test_a_result_is_stored_without_a_link_and_read_with_one_for_an_hour(store: AudioStore) -> None:
    stored = unlinked(result())
    assert stored == {
        "message": "Hm.",
        "audio": {"audioKey": "rooms/1/ai/2.mp3", "mimeType": "audio/mpeg"},
    }
    read = linked(store, stored)
    url = urlsplit(read["audioUrl"])
    assert read["audioUrl"] == read["audio"]["downloadUrl"]
    assert (url.scheme, url.netloc, url.path) == ("https", "audio.example.org", "/audio/rooms/1/ai/2.mp3")
    assert parse_qs(url.query)["X-Amz-Expires"] == ["3600"]


@pytest.mark.parametrize("key", [None, "", 7, ["x"], ".", "a/../b"])
def test_a_key_that_no_object_can_have_costs_a_result_its_link_alone(store: AudioStore, key: Any) -> None:
    assert link_of(store, key) is None
    read = linked(store, result(key))
    assert read["message"] == "Hm."
    assert OLD not in str(read)


@pytest.mark.parametrize("audio", [None, "text", []])
def test_what_is_no_audio_is_left_as_it_is(store: AudioStore, audio: Any) -> None:
    assert linked(store, {"audio": audio}) == {"audio": audio}


def test_without_a_bucket_no_link_is_shown_and_none_of_an_earlier_reader() -> None:
    assert OLD not in str(linked(None, result()))
