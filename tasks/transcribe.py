"""The transcribe task: speech in, text out."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from aiplane.app import app
from aiplane.contracts import TranscribePayload, TranscribeResult
from aiplane.errors import (
    AudioTooLargeError,
    NotAvailableInModeError,
    TranscriptionDisabledError,
    TranscriptionFailedError,
)
from aiplane.queues import QUEUES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.settings import Settings
    from aiplane.speech import SpeechToText


@app.task(name=QUEUES["transcribe"].task)
def transcribe_audio(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Write down what a job's audio says: its payload in, its result out, both as on the wire.

    Raises:
        JobError: one of its leaves.
    """
    job = TranscribePayload.parse(payload)
    return transcribe(job, app.providers.speech_to_text, app.settings).to_wire()


def transcribe(
    payload: TranscribePayload, speech_to_text: SpeechToText | None, settings: Settings
) -> TranscribeResult:
    """Check the audio and have it transcribed. Silence gives an empty text.

    Raises:
        NotAvailableInModeError: the job is of a room of two people.
        TranscriptionError: one of its leaves.
    """
    if payload.room_mode == "peer":
        raise NotAvailableInModeError("Transcription is not available in a room of two people.")
    if speech_to_text is None:
        raise TranscriptionDisabledError("Transcription is switched off: STT_PROVIDER is none.")
    transcript = speech_to_text.transcribe(
        _audio(payload, settings.stt_max_audio_size_mb),
        mime_type=payload.mime_type,
        language=payload.language or settings.stt_language,
    )
    return TranscribeResult(
        text=transcript.text, language=transcript.language, duration_ms=transcript.duration_ms
    )


def _audio(payload: TranscribePayload, limit_mb: int) -> bytes:
    if not payload.audio_base64 and payload.audio_key:
        raise TranscriptionFailedError(
            "The audio is named by audioKey, and this deployment has no object storage to read it from; "
            "send it as audioBase64."
        )
    encoded = (payload.audio_base64 or "").strip()
    # Decoding is what costs memory, so the size is told from the length: 4 characters hold 3 bytes.
    if len(encoded) // 4 * 3 - encoded.count("=", -2) > limit_mb * 1024 * 1024:
        raise AudioTooLargeError(f"The audio is larger than {limit_mb} MB (STT_MAX_AUDIO_SIZE_MB).")
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise TranscriptionFailedError("audioBase64 is not base64, or it was cut off.") from error
