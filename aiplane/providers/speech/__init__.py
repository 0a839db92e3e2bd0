"""Speech as tasks see it: text in and audio out, or audio in and text out, whoever does it.

Nothing here knows a vendor. A provider is one adapter beside this file and one row in the table at the
bottom; the adapter, and with it the vendor's SDK, is imported only when its provider is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

from aiplane.audio.containers import sniff

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.audio import Recording
    from aiplane.audio.containers import Container
    from aiplane.settings import Settings

LONGEST_SPEECH_BYTES = 16 * 1024 * 1024
"""The most that is read of what a provider says: ten minutes, the most that one makes at once, are 5 MB."""


class SpeechFailedError(Exception):
    """Failure of a provider of speech to do what it was asked to. It fails no job.

    Attributes:
        sentence: what happened and which setting to look at, for a person. No text that was to be said, no
            words of the provider's, no secret.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Transcript:
    """Transcript of what was said. Its text is a candidate's, so ``repr`` leaves it out.

    Attributes:
        text: empty where nothing was said.
        language: a BCP-47 tag: the one that was asked for, else the one that was heard.
    """

    text: str = field(repr=False)
    language: str | None


class TextToSpeech(Protocol):
    """A voice.

    Attributes:
        provider: its name in ``TTS_PROVIDER``, and the ``provider`` label of the metrics.
        max_bytes: the longest text that it reads at once, in bytes of UTF-8.
        container: the kind of file that it makes: MP3 or Ogg.
    """

    provider: str
    max_bytes: int
    container: Container

    def synthesize(self, text: str, *, language: str | None) -> bytes:
        """Read a text aloud, before the deadline of the work at hand (:mod:`aiplane.context.deadline`).

        Safe to call from many threads at once.

        Args:
            text: plain words, at most ``max_bytes`` of them.
            language: the BCP-47 tag of what is written there; None for the language of the voice.

        Returns:
            A whole file of the voice's kind.

        Raises:
            SpeechFailedError: whatever the cause.
        """
        ...


class SpeechToText(Protocol):
    """A transcription service.

    Attributes:
        provider: its name in ``STT_PROVIDER``, and the ``provider`` label of the metrics.
    """

    provider: str

    def transcribe(self, recording: Recording, *, language: str | None) -> Transcript:
        """Write down what is said, before the deadline of the work at hand (:mod:`aiplane.context.deadline`).

        Safe to call from many threads at once. A kind of file that the provider does not read is
        converted (:meth:`aiplane.audio.Recording.pieces`).

        Args:
            recording: in which something can be heard.
            language: the BCP-47 tag of what is spoken; None to have it recognised, where the provider can.

        Raises:
            TranscriptionFailedError: whatever the cause.
        """
        ...


def spoken(audio: bytes, container: Container) -> bytes:
    """Return what a provider sent for speech, if it is what it was asked for.

    Raises:
        SpeechFailedError: it is something else, or not all there.
    """
    if not audio or sniff(audio) is not container or not container.is_whole(audio):
        raise SpeechFailedError(f"What the provider sent is not a whole {container.name} file.")
    return audio


def create_text_to_speech(settings: Settings) -> TextToSpeech | None:
    """Build the voice that ``TTS_PROVIDER`` names; None for ``none``. Opens no connection."""
    if settings.tts_provider == "none":
        return None
    adapter = import_module(_ADAPTERS[settings.tts_provider])
    return cast("TextToSpeech", adapter.create_text_to_speech(settings))


def create_speech_to_text(settings: Settings) -> SpeechToText | None:
    """Build the service that ``STT_PROVIDER`` names; None for ``none``. Opens no connection."""
    if settings.stt_provider == "none":
        return None
    adapter = import_module(_ADAPTERS[settings.stt_provider])
    return cast("SpeechToText", adapter.create_speech_to_text(settings))


_ADAPTERS: Mapping[str, str] = MappingProxyType(
    {
        "openai": "aiplane.providers.speech.openai",
        "google": "aiplane.providers.speech.google",
        "azure": "aiplane.providers.speech.azure",
    }
)
"""The adapters by the names of their providers. Each has the two functions above for its own provider."""
