"""Reading a reply aloud: what is said, where it is kept, when not, and that nothing of it can fail a job."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from aiplane.audio.containers import CONTAINERS
from aiplane.context import deadline
from aiplane.context.job import working_on
from aiplane.contracts import InterviewPayload, InterviewResult
from aiplane.providers.speech import SpeechFailedError
from aiplane.providers.storage.errors import StorageUnavailableError
from tasks import speaking
from tasks.speaking import object_key, with_speech
from tests.unit.payloads import INTERVIEW

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiplane.providers import Providers


class Voice:
    """Says everything in the same way, and keeps what it said."""

    provider = "voice"
    max_bytes = 60
    container = CONTAINERS["mp3"]

    def __init__(self, does: Callable[[], object] = lambda: None) -> None:
        self.said: list[tuple[str, str | None]] = []
        self._does = does

    def synthesize(self, text: str, *, language: str | None) -> bytes:
        self.said.append((text, language))
        self._does()
        return b"sound"


class Bucket:
    """Keeps what is put into it."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.objects: dict[str, tuple[bytes, str, str]] = {}
        self.puts = 0
        self._fault = fault

    def note(self, key: str) -> str | None:
        if self._fault:
            raise self._fault
        return self.objects[key][2] if key in self.objects else None

    def put(self, key: str, data: bytes, *, mime_type: str, note: str) -> None:
        self.puts += 1
        self.objects[key] = (data, mime_type, note)

    def link(self, key: str) -> str:
        return f"https://media.example.com/{key}"


def reply(message: str = "Well done.", **fields: Any) -> InterviewResult:
    given = {"message": message, "followUpType": "question", "difficulty": "medium", **fields}
    return InterviewResult.model_validate(given)


def spoken(
    result: InterviewResult,
    reader: Voice | None,
    bucket: Bucket | None = None,
    *,
    job: str = "42",
    **fields: Any,
) -> dict[str, Any]:
    payload = InterviewPayload.parse(
        {**INTERVIEW, "roomId": "room-1", "responseLanguage": "en", "voice": True, **fields}
    )
    providers = cast("Providers", SimpleNamespace(text_to_speech=reader, storage=bucket or Bucket()))
    with working_on(job):
        return with_speech(result, payload, providers).to_wire()


def test_a_reply_carries_its_audio() -> None:
    voice, bucket = Voice(), Bucket()
    wire = spoken(reply(), voice, bucket)

    url = "https://media.example.com/rooms/room-1/ai/42.mp3"
    assert wire["audioUrl"] == url
    assert wire["audio"] == {
        "audioKey": "rooms/room-1/ai/42.mp3", "mimeType": "audio/mpeg", "downloadUrl": url,
    }  # fmt: skip
    assert voice.said == [("Well done.", "en")]
    [(data, mime_type, note)] = bucket.objects.values()
    assert (data, mime_type) == (b"sound", "audio/mpeg")
    assert note.isascii()


def test_what_is_read_is_the_message_and_its_question_without_marks() -> None:
    voice = Voice()
    spoken(reply("**Good.**\n```\nx = 1\n```", followUpQuestion="What about `n`?"), voice)
    spoken(reply("Good. What next?", followUpQuestion="What next?"), voice)

    assert [text for text, _ in voice.said] == ["Good. What about n?", "Good. What next?"]


def test_a_long_reply_is_cut_at_a_sentence() -> None:
    voice = Voice()
    spoken(reply("This is one sentence. This is another one. " * 5), voice)

    assert voice.said[0][0] == "This is one sentence. This is another one."


SILENCE = InterviewResult(should_respond=False, difficulty="easy")


@pytest.mark.parametrize(
    ("result", "fields"),
    [
        (reply(), {"voice": False}),
        (reply(), {"roomMode": "peer"}),
        (SILENCE, {}),
        (reply("```\nx = 1\n```"), {}),
    ],
    ids=["no voice wanted", "two people", "a silence", "nothing but code"],
)
def test_not_everything_is_read(result: InterviewResult, fields: dict[str, Any]) -> None:
    voice, bucket = Voice(), Bucket()

    assert spoken(result, voice, bucket, **fields) == result.to_wire()
    assert (voice.said, bucket.puts) == ([], 0)


def test_without_a_provider_nothing_is_read() -> None:
    assert "audioUrl" not in spoken(reply(), None)


# The second run of a job


def test_a_job_that_runs_again_is_not_read_again() -> None:
    voice, bucket = Voice(), Bucket()
    first = spoken(reply(), voice, bucket)

    assert spoken(reply(), voice, bucket) == first
    assert (len(voice.said), bucket.puts) == (1, 1)


def test_other_words_under_the_same_job_replace_the_first() -> None:
    voice, bucket = Voice(), Bucket()
    spoken(reply("First."), voice, bucket)
    spoken(reply("Second."), voice, bucket)

    assert [text for text, _ in voice.said] == ["First.", "Second."]
    assert list(bucket.objects) == ["rooms/room-1/ai/42.mp3"]


def test_outside_a_job_each_reply_has_a_key_of_its_own() -> None:
    bucket = Bucket()
    payload = InterviewPayload.parse({**INTERVIEW, "voice": True})
    providers = cast("Providers", SimpleNamespace(text_to_speech=Voice(), storage=bucket))
    for _ in range(2):
        with_speech(reply(), payload, providers)

    assert len(bucket.objects) == 2


# Faults


def raising(error: Exception) -> Callable[[], object]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("voice", "bucket", "told"),
    [
        (Voice(raising(SpeechFailedError("The provider answered 500."))), Bucket(), "answered 500"),
        (Voice(raising(RuntimeError("Well done."))), Bucket(), "RuntimeError"),
        (Voice(), Bucket(StorageUnavailableError("The storage is away.")), "storage is away"),
        (Voice(), Bucket(MemoryError("Well done.")), "MemoryError"),
    ],
)
def test_a_fault_is_told_and_fails_no_reply(
    caplog: pytest.LogCaptureFixture, voice: Voice, bucket: Bucket, told: str
) -> None:
    assert spoken(reply(), voice, bucket) == reply().to_wire()
    assert told in caplog.text
    assert "Well done" not in caplog.text


def test_a_fault_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[tuple[str, str]] = []
    monkeypatch.setattr(speaking, "failed", lambda way, provider: counted.append((way, provider)))
    spoken(reply(), Voice(raising(SpeechFailedError("No."))))
    spoken(reply(), Voice(), Bucket(StorageUnavailableError("No.")))
    spoken(reply(), Voice())

    assert counted == [("tts", "voice"), ("tts", "voice")]


def test_a_voice_that_hangs_is_left_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(speaking, "TIMEOUT_SECONDS", 0.1)
    hanging, started = threading.Event(), time.monotonic()
    try:
        assert spoken(reply(), Voice(hanging.wait)) == reply().to_wire()
    finally:
        hanging.set()
    assert time.monotonic() - started < 2
    assert "within 0.1 s" in caplog.text


def test_the_voice_sees_its_deadline() -> None:
    left: list[float] = []
    spoken(reply(), Voice(lambda: left.append(deadline.remaining())))

    assert 15 < left[0] <= speaking.TIMEOUT_SECONDS == 20


def test_a_job_whose_time_is_over_is_handed_over_at_once() -> None:
    voice = Voice()
    with deadline.within(speaking.RESERVE_SECONDS):
        assert spoken(reply(), voice) == reply().to_wire()
    assert voice.said == []


# Keys


@pytest.mark.parametrize(
    ("room", "job", "key"),
    [
        ("room-1", "42", "rooms/room-1/ai/42.mp3"),
        (None, "42", "rooms/none/ai/42.mp3"),
        ("A.b_c-9", "8f0e6a3c-1f2d", "rooms/A.b_c-9/ai/8f0e6a3c-1f2d.mp3"),
    ],
)
def test_an_ordinary_id_is_a_part_of_the_key(room: str | None, job: str, key: str) -> None:
    assert object_key(room, job, "mp3") == key


@pytest.mark.parametrize(
    "hostile",
    [
        "..",
        ".",
        "../../etc",
        "a/b",
        "a\\b",
        "a b",
        "%2e%2e",
        "a\0b",
        "\ud800",
        "-" * 200,
        "ü",
        "a:b",
        "?x=1",
        "#",
    ],
)
def test_a_hostile_id_stays_in_its_place(hostile: str) -> None:
    for key in (object_key(hostile, "42", "mp3"), object_key("room", hostile, "mp3")):
        parts = key.split("/")
        assert len(parts) == 4
        assert all(part[0].isalnum() for part in parts)
        assert key.isascii()
        assert len(key) < 200


def test_two_ids_never_share_a_key() -> None:
    ids = ["a/b", "a b", "a:b", "a-b", "a--b", "A/B", "x" * 200, "x" * 201]
    assert len({object_key("room", job, "mp3") for job in ids}) == len(ids)
