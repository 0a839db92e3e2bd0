"""The transcribe task, with a service that writes down what the test wants."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from aiplane.contracts import TranscribePayload, TranscribeResult
from aiplane.errors import (
    AudioTooLargeError,
    NotAvailableInModeError,
    TranscriptionDisabledError,
    TranscriptionFailedError,
)
from aiplane.queues import QUEUES
from aiplane.settings import Settings
from aiplane.speech import Transcript
from tasks.transcribe import transcribe, transcribe_audio
from tests.unit.payloads import TRANSCRIBE

MEGABYTE = 1024 * 1024


class Stenographer:
    """Writes down the same whatever it hears, and keeps what it heard."""

    provider = "stenographer"

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.heard: list[tuple[bytes, str, str | None]] = []

    def transcribe(self, audio: bytes, *, mime_type: str, language: str | None) -> Transcript:
        self.heard.append((audio, mime_type, language))
        return self.transcript


def stenographer(text: str = "Hello") -> Stenographer:
    return Stenographer(Transcript(text, "en", 1200))


def settings(**variables: str) -> Settings:
    return Settings.load({"LLM_PROVIDER": "offline", **variables})


def transcribed(
    service: Stenographer | None, env: dict[str, str] | None = None, **fields: Any
) -> TranscribeResult:
    payload = {"mimeType": "audio/wav", "audioBase64": encoded(b"RIFF"), **fields}
    return transcribe(TranscribePayload.parse(payload), service, settings(**(env or {})))


def encoded(audio: bytes) -> str:
    return base64.b64encode(audio).decode()


def test_what_was_said_is_written_down() -> None:
    service = stenographer()

    wire = transcribed(service, language="de").to_wire()

    assert wire == {"text": "Hello", "language": "en", "durationMs": 1200}
    assert service.heard == [(b"RIFF", "audio/wav", "de")]


def test_silence_gives_an_empty_text() -> None:
    service = Stenographer(Transcript("", None, None))

    assert transcribed(service).to_wire() == {"text": ""}


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

    transcribed(service, limit, audioBase64=encoded(b"x" * (MEGABYTE - rest)))
    with pytest.raises(AudioTooLargeError, match="1 MB"):
        transcribed(service, limit, audioBase64=encoded(b"x" * (MEGABYTE + rest + 1)))

    assert len(service.heard) == 1


def test_audio_that_is_too_large_is_not_decoded_at_all() -> None:
    with pytest.raises(AudioTooLargeError):
        transcribed(stenographer(), {"STT_MAX_AUDIO_SIZE_MB": "1"}, audioBase64="?" * 2 * MEGABYTE)


@pytest.mark.parametrize(
    "audio",
    [
        "not base64!",
        "UklGR",
        "UklG\nRg==",
        "UklGRg==UklGRg==",
        "\u00e9\u00e9\u00e9\u00e9",
        "data:audio/wav;base64,UklGRg==",
    ],
)
def test_audio_that_was_damaged_on_the_way_is_a_failed_transcription(audio: str) -> None:
    with pytest.raises(TranscriptionFailedError, match="not base64") as caught:
        transcribed(stenographer(), audioBase64=audio)

    assert audio not in caught.value.failed_reason


def test_padding_without_audio_is_a_failed_transcription() -> None:
    with pytest.raises(TranscriptionFailedError):
        transcribed(stenographer(), audioBase64="====")


def test_audio_in_a_bucket_needs_a_bucket() -> None:
    with pytest.raises(TranscriptionFailedError, match="no object storage"):
        transcribed(stenographer(), audioBase64=None, audioKey="rooms/1/answer.wav")


def test_the_task_is_a_plain_call_that_says_what_is_missing() -> None:
    assert transcribe_audio.name == QUEUES["transcribe"].task
    with pytest.raises(TranscriptionDisabledError):
        transcribe_audio(TRANSCRIBE)
