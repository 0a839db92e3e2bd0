"""Transcription of a recording: by the provider, unless nothing can be heard in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.errors import TranscriptionFailedError
from aiplane.providers.speech import Transcript
from aiplane.providers.speech.measures import failed, heard, timed

if TYPE_CHECKING:
    from aiplane.audio import Recording
    from aiplane.providers.speech import SpeechToText


def listen(recording: Recording, service: SpeechToText, language: str | None) -> Transcript:
    """Write down what is said in a recording. Silence has no text, and nobody is asked, or paid, for it.

    Raises:
        TranscriptionFailedError: whatever the cause.
    """
    if recording.silent:
        return Transcript("", language)
    heard(service.provider, recording.duration_ms)
    try:
        with timed("stt", service.provider):
            return service.transcribe(recording, language=language)
    except TranscriptionFailedError:
        failed("stt", service.provider)
        raise
