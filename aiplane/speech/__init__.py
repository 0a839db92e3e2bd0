"""Speech as tasks see it: audio in, text out, whoever listens.

Nothing here knows a vendor. A provider is one adapter beside this file and one row in the table at the
bottom; the adapter is imported only when its provider is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from aiplane.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiplane.settings import Settings


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said. Its text is a candidate's, so ``repr`` leaves it out.

    Attributes:
        text: empty where nothing was said.
        language: a BCP-47 tag: the one that was asked for, else the one that was heard.
        duration_ms: how long the audio is.
    """

    text: str = field(repr=False)
    language: str | None
    duration_ms: int | None


class SpeechToText(Protocol):
    """A transcription service.

    Attributes:
        provider: its name in ``STT_PROVIDER``, and the ``provider`` label of the metrics.
    """

    provider: str

    def transcribe(self, audio: bytes, *, mime_type: str, language: str | None) -> Transcript:
        """Write down what is said, before the deadline of the work at hand (:mod:`aiplane.deadline`).

        Safe to call from many threads at once.

        Args:
            audio: a whole file.
            mime_type: its type, with or without parameters (``audio/webm;codecs=opus``).
            language: the BCP-47 tag of what is spoken; None to have it recognised.

        Raises:
            TranscriptionFailedError: whatever the cause.
        """
        ...


def create_speech_to_text(settings: Settings) -> SpeechToText | None:
    """Build the service that ``STT_PROVIDER`` names; None for ``none``. Opens no connection.

    Raises:
        SettingsError: there is no adapter for it.
    """
    if settings.stt_provider == "none":
        return None
    if (create := _SPEECH_TO_TEXT.get(settings.stt_provider)) is None:
        known = ", ".join(_SPEECH_TO_TEXT)
        raise SettingsError((f"STT_PROVIDER must be {known} or none: there is no adapter for another",))
    return create(settings)


def _openai(settings: Settings) -> SpeechToText:
    from aiplane.speech.openai import create_openai  # noqa: PLC0415 - only who chose the vendor loads its SDK

    return create_openai(settings)


_SPEECH_TO_TEXT: Mapping[str, Callable[[Settings], SpeechToText]] = MappingProxyType({"openai": _openai})
