"""The transcribe task: speech in, text out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from aiplane.audio import READERS, read_recording
from aiplane.celery import app
from aiplane.contracts import TranscribePayload, TranscribeResult
from aiplane.contracts.base64_text import TooManyBytesError, decode
from aiplane.errors import (
    AudioTooLargeError,
    NotAvailableInModeError,
    TranscriptionDisabledError,
    TranscriptionFailedError,
)
from aiplane.providers.speech.listening import listen
from aiplane.providers.storage.errors import ObjectTooLargeError, StorageError
from aiplane.queues import QUEUES
from aiplane.worker.progress import reached

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.providers import Providers
    from aiplane.providers.storage.s3 import Storage
    from aiplane.settings import Settings

MEGABYTE = 1024 * 1024


@app.task(name=QUEUES["transcribe"].task, programs=[READERS])
def transcribe_audio(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Write down what a job's audio says: its payload in, its result out, both as on the wire.

    Raises:
        JobError: one of its leaves.
    """
    # A recording in base64 is tens of megabytes, and several jobs run at once: whoever is done with the text
    # lets go of it, so that it is gone while the provider listens.
    job = [TranscribePayload.parse(payload)]
    del payload
    return transcribe(job.pop(), app.providers, app.settings).to_wire()


def transcribe(payload: TranscribePayload, providers: Providers, settings: Settings) -> TranscribeResult:
    """Check the audio and have it transcribed. Silence gives an empty text.

    Raises:
        NotAvailableInModeError: the job is of a room of two people.
        TranscriptionError: one of its leaves.
    """
    if payload.room_mode == "peer":
        raise NotAvailableInModeError("Transcription is not available in a room of two people.")
    service = providers.speech_to_text
    if service is None:
        raise TranscriptionDisabledError("Transcription is switched off: STT_PROVIDER is none.")
    mime_type, language = payload.mime_type, payload.language or settings.stt_language
    audio = _audio(payload, providers, settings.stt_max_audio_size_mb)
    del payload
    recording = read_recording(audio, mime_type)
    started = time.monotonic()
    if not recording.silent:
        reached("asked", f"{service.provider} is asked, for {recording.duration_ms / 1000:.1f} s of audio")
    transcript = listen(recording, service, language)
    how = "nothing can be heard, so nobody was asked" if recording.silent else "the text is there"
    reached("checked", f"{how}, after {time.monotonic() - started:.3f} s")
    return TranscribeResult(
        text=transcript.text, language=transcript.language, duration_ms=recording.duration_ms
    )


def _audio(payload: TranscribePayload, providers: Providers, limit_mb: int) -> bytes:
    if payload.audio_base64 or not payload.audio_key:
        return _decoded(payload.audio_base64 or "", limit_mb)
    if providers.storage is None:
        raise TranscriptionFailedError(
            "The audio is named by audioKey, and this deployment has no object storage to read it from; "
            "send it as audioBase64."
        )
    return _fetched(payload.audio_key, providers.storage, limit_mb)


def _decoded(encoded: str, limit_mb: int) -> bytes:
    try:
        return decode(encoded, limit_mb * MEGABYTE)
    except TooManyBytesError as error:
        raise _too_large(limit_mb) from error
    except ValueError as error:
        raise TranscriptionFailedError("audioBase64 is not base64, or it was cut off.") from error


def _fetched(key: str, storage: Storage, limit_mb: int) -> bytes:
    try:
        return storage.get(key, limit=limit_mb * MEGABYTE)
    except ObjectTooLargeError as error:
        raise _too_large(limit_mb) from error
    except StorageError as error:
        raise TranscriptionFailedError(
            f"The audio that audioKey names could not be fetched. {error.sentence}"
        ) from error


def _too_large(limit_mb: int) -> AudioTooLargeError:
    return AudioTooLargeError(f"The audio is larger than {limit_mb} MB (STT_MAX_AUDIO_SIZE_MB).")
