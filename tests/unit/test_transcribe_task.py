"""The transcribe task, with a service that writes down what the test wants."""

from __future__ import annotations

import base64
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from aiplane.contracts import TranscribePayload, TranscribeResult
from aiplane.errors import (
    AudioTooLargeError,
    NotAvailableInModeError,
    TranscriptionDisabledError,
    TranscriptionFailedError,
)
from aiplane.providers.speech import Transcript
from aiplane.providers.storage.errors import ObjectMissingError, ObjectTooLargeError
from aiplane.queues import QUEUES
from aiplane.settings import Settings
from tasks.transcribe import transcribe, transcribe_audio
from tests.support.audio import recording, samples
from tests.unit.payloads import TRANSCRIBE

if TYPE_CHECKING:
    from aiplane.audio import Recording
    from aiplane.providers import Providers

MEGABYTE = 1024 * 1024


class Stenographer:
    """Writes down the same whatever it hears, and keeps what it heard."""

    provider = "stenographer"

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.heard: list[tuple[bytes, str, str | None]] = []

    def transcribe(self, recording: Recording, *, language: str | None) -> Transcript:
        self.heard.append((recording.audio, recording.container.name, language))
        return self.transcript


def stenographer(text: str = "Hello") -> Stenographer:
    return Stenographer(Transcript(text, "en"))


class Bucket:
    """Holds one object, and keeps what it was asked for."""

    def __init__(self, audio: bytes) -> None:
        self.audio = audio
        self.asked: list[tuple[str, int]] = []

    def get(self, key: str, *, limit: int) -> bytes:
        self.asked.append((key, limit))
        if key != "rooms/1/answer.wav":
            raise ObjectMissingError("There is none.")
        if len(self.audio) > limit:
            raise ObjectTooLargeError("It is larger.")
        return self.audio


def settings(**variables: str) -> Settings:
    return Settings.load({"LLM_PROVIDER": "offline", **variables})


def transcribed(
    service: Stenographer | None,
    env: dict[str, str] | None = None,
    *,
    bucket: Bucket | None = None,
    **fields: Any,
) -> TranscribeResult:
    payload = {"mimeType": "audio/wav", "audioBase64": encoded(recording("wav", 1.0)), **fields}
    providers = cast("Providers", SimpleNamespace(speech_to_text=service, storage=bucket))
    return transcribe(TranscribePayload.parse(payload), providers, settings(**(env or {})))


def encoded(audio: bytes) -> str:
    return base64.b64encode(audio).decode()


def test_what_was_said_is_written_down() -> None:
    service = stenographer()

    wire = transcribed(service, language="de").to_wire()

    assert wire == {"text": "Hello", "language": "en", "durationMs": 1000}
    assert service.heard == [(recording("wav", 1.0), "wav", "de")]


def test_nobody_is_asked_about_silence() -> None:
    service = stenographer()
    silence = encoded(recording("wav", 1.0, loudness=0.0))

    assert transcribed(service, audioBase64=silence).to_wire() == {"text": "", "durationMs": 1000}
    assert transcribed(service, audioBase64=silence, language="de").to_wire()["language"] == "de"
    assert service.heard == []


def test_a_provider_that_hears_nothing_gives_an_empty_text() -> None:
    assert transcribed(Stenographer(Transcript("", None))).to_wire() == {"text": "", "durationMs": 1000}


@pytest.mark.parametrize("audio", [b"", b"RIFF", recording("wav", 1.0)[:-1], b"I am no audio."])
def test_nobody_is_asked_about_what_is_no_whole_recording(audio: bytes) -> None:
    service = stenographer()
    with pytest.raises(TranscriptionFailedError):
        transcribed(service, audioBase64=encoded(audio))

    assert service.heard == []


def test_the_language_is_the_job_s_else_the_setting_s() -> None:
    service = stenographer()
    transcribed(service, {"STT_LANGUAGE": "fr"})
    transcribed(service, {"STT_LANGUAGE": "fr"}, language="de")

    assert [language for *_, language in service.heard] == ["fr", "de"]


def test_there_is_no_transcription_in_a_room_of_two_people() -> None:
    with pytest.raises(NotAvailableInModeError):
        transcribed(None, roomMode="peer")


def test_without_a_service_it_is_switched_off() -> None:
    with pytest.raises(TranscriptionDisabledError, match="STT_PROVIDER"):
        transcribed(None)


@pytest.mark.parametrize("rest", range(3))
def test_the_size_is_told_from_the_length_of_the_base64(rest: int) -> None:
    limit = {"STT_MAX_AUDIO_SIZE_MB": "1"}
    service = stenographer()

    with pytest.raises(TranscriptionFailedError, match="not audio"):
        transcribed(service, limit, audioBase64=encoded(b"x" * (MEGABYTE - rest)))
    with pytest.raises(AudioTooLargeError, match="1 MB"):
        transcribed(service, limit, audioBase64=encoded(b"x" * (MEGABYTE + rest + 1)))

    assert service.heard == []


def test_audio_that_is_too_large_is_not_decoded_at_all() -> None:
    with pytest.raises(AudioTooLargeError):
        transcribed(stenographer(), {"STT_MAX_AUDIO_SIZE_MB": "1"}, audioBase64="?" * 2 * MEGABYTE)


AUDIO = recording("wav", 1.0)
PLAIN = encoded(AUDIO)
URL_SAFE = base64.urlsafe_b64encode(AUDIO).decode()


@pytest.mark.parametrize(
    "text",
    [
        base64.encodebytes(AUDIO).decode(),
        "\r\n".join(PLAIN[at : at + 76] for at in range(0, len(PLAIN), 76)),
        URL_SAFE,
        URL_SAFE.rstrip("="),
        PLAIN.rstrip("="),
        PLAIN.rstrip("=") + "====\n",
        f"\ufeff{PLAIN}\u00a0",
        f"data:audio/wav;base64,{PLAIN}",
        f"data:audio/webm;codecs=opus;base64,{URL_SAFE.rstrip('=')}",
        f'Data:audio/webm;codecs="vp8,opus";BASE64,\n{PLAIN}',
        f"data:;base64,{base64.encodebytes(AUDIO).decode()}",
        encoded(AUDIO[:100]) + encoded(AUDIO[100:]),
    ],
)
def test_base64_is_read_in_every_form_that_encoders_write(text: str) -> None:
    service = stenographer()

    assert transcribed(service, audioBase64=text).text == "Hello"
    assert service.heard == [(AUDIO, "wav", None)]


@pytest.mark.parametrize("rest", range(3))
def test_line_breaks_and_a_head_count_for_nothing_in_the_size(rest: int) -> None:
    limit = {"STT_MAX_AUDIO_SIZE_MB": "1"}

    for size, error in (
        (MEGABYTE - rest, TranscriptionFailedError),
        (MEGABYTE + 1 + rest, AudioTooLargeError),
    ):
        lines = base64.encodebytes(b"x" * size).decode().rstrip("=\n")
        with pytest.raises(error):
            transcribed(stenographer(), limit, audioBase64=f"data:audio/wav;base64,{lines}")


@pytest.mark.parametrize(
    "text", ["=" * 3 * MEGABYTE, "A=" * MEGABYTE, "data:" * MEGABYTE, "\u3000" * MEGABYTE]
)
def test_what_no_encoder_writes_costs_little(text: str) -> None:
    started = time.process_time()
    with pytest.raises(TranscriptionFailedError):
        transcribed(stenographer(), audioBase64=text)

    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "audio",
    [
        "not base64!",
        "UklGR",
        "UklG*Rg==",
        "UklGRg%3D%3D",
        "\u00e9\u00e9\u00e9\u00e9",
        "data:audio/wav;base64,UklG?Rg==",
    ],
)
def test_audio_that_was_damaged_on_the_way_is_a_failed_transcription(audio: str) -> None:
    with pytest.raises(TranscriptionFailedError, match="not base64") as caught:
        transcribed(stenographer(), audioBase64=audio)

    assert audio not in caught.value.failed_reason


def test_padding_without_audio_is_a_failed_transcription() -> None:
    with pytest.raises(TranscriptionFailedError):
        transcribed(stenographer(), audioBase64="====")


def test_audio_may_come_from_the_bucket() -> None:
    service, bucket = stenographer(), Bucket(recording("ogg", 1.0))
    fields: dict[str, Any] = {"audioBase64": None, "audioKey": "rooms/1/answer.wav"}

    assert transcribed(service, bucket=bucket, **fields).text == "Hello"
    assert service.heard == [(bucket.audio, "ogg", None)]
    assert bucket.asked == [("rooms/1/answer.wav", 25 * MEGABYTE)]


def test_audio_in_the_bucket_has_the_same_limit() -> None:
    bucket = Bucket(samples(40.0))
    fields: dict[str, Any] = {"audioBase64": None, "audioKey": "rooms/1/answer.wav"}
    with pytest.raises(AudioTooLargeError, match="1 MB"):
        transcribed(stenographer(), {"STT_MAX_AUDIO_SIZE_MB": "1"}, bucket=bucket, **fields)


def test_audio_that_is_not_in_the_bucket_is_a_failed_transcription() -> None:
    with pytest.raises(TranscriptionFailedError, match="audioKey"):
        transcribed(stenographer(), bucket=Bucket(b""), audioBase64=None, audioKey="rooms/2/answer.wav")


def test_audio_in_the_payload_needs_no_download() -> None:
    bucket = Bucket(b"")
    transcribed(stenographer(), bucket=bucket, audioKey="rooms/1/answer.wav")

    assert bucket.asked == []


def test_audio_in_a_bucket_needs_a_bucket() -> None:
    with pytest.raises(TranscriptionFailedError, match="no object storage"):
        transcribed(stenographer(), audioBase64=None, audioKey="rooms/1/answer.wav")


def test_the_task_is_a_plain_call_that_says_what_is_missing() -> None:
    assert transcribe_audio.name == QUEUES["transcribe"].task
    with pytest.raises(TranscriptionDisabledError):
        transcribe_audio(TRANSCRIBE)
