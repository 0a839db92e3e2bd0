"""Speech by OpenAI, and every server that speaks its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from httpx2 import Response
from pydantic import BaseModel, ConfigDict, ValidationError

from aiplane.audio.containers import CONTAINERS
from aiplane.errors import LLMError, TranscriptionFailedError
from aiplane.llm.openai_client import connect_openai
from aiplane.queues import QUEUES
from aiplane.speech import LONGEST_SPEECH_BYTES, SpeechFailedError, Transcript, spoken
from aiplane.speech.languages import language_tag

if TYPE_CHECKING:
    from openai import OpenAI

    from aiplane.audio import Recording
    from aiplane.audio.containers import Container
    from aiplane.llm.openai_client import OpenAIConnection
    from aiplane.settings import Settings

VOICE = "alloy"
VOICE_MODEL = "gpt-4o-mini-tts"
TRANSCRIPTION_MODEL = "whisper-1"

_VERBOSE_MODELS = frozenset({"whisper-1"})
"""The models that tell the language when asked. The others refuse to be asked."""


class OpenAITextToSpeech:
    """A voice behind one :class:`~aiplane.llm.openai_client.OpenAIConnection`."""

    provider = "openai"

    # The API takes 4096 characters, and its newer models 2000 tokens. In bytes, both hold in any script.
    max_bytes = 4_096

    def __init__(self, connection: OpenAIConnection, *, model: str, voice: str, container: Container) -> None:
        self._connection = connection
        self._model = model
        self._voice = voice
        self.container = container

    def synthesize(self, text: str, *, language: str | None) -> bytes:  # noqa: ARG002 - it hears that itself
        """Read a text aloud: see :meth:`aiplane.speech.TextToSpeech.synthesize`."""
        try:
            audio = self._connection.call(lambda client: self._ask(client, text))
        except LLMError as error:
            raise SpeechFailedError(error.sentence) from error
        return spoken(audio, self.container)

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()

    def _ask(self, client: OpenAI, text: str) -> Response:
        # Not by the method for it: see OpenAILLM.
        return client.post(
            "/audio/speech",
            cast_to=Response,
            body={
                "input": text,
                "model": self._model,
                "voice": self._voice,
                "response_format": "mp3" if self.container.name == "mp3" else "opus",
            },
            options={"headers": {"Accept": "application/octet-stream"}},
        )


class _Reply(BaseModel):
    # A validation error may reach the log; what a candidate said must not.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    text: str
    language: str | None = None


class OpenAISpeechToText:
    """A transcription model behind one :class:`~aiplane.llm.openai_client.OpenAIConnection`."""

    provider = "openai"

    def __init__(self, connection: OpenAIConnection, *, model: str) -> None:
        self._connection = connection
        self._model = model

    def transcribe(self, recording: Recording, *, language: str | None) -> Transcript:
        """Write down what is said: see :meth:`aiplane.speech.SpeechToText.transcribe`."""
        try:
            body = self._connection.call(lambda client: self._ask(client, recording, language))
        except LLMError as error:
            raise TranscriptionFailedError(f"The audio could not be transcribed. {error.sentence}") from error
        return _read(body, language)

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()

    def _ask(self, client: OpenAI, recording: Recording, language: str | None) -> Response:
        kind = recording.container
        form = {
            "model": self._model,
            "response_format": "verbose_json" if self._model in _VERBOSE_MODELS else "json",
        }
        if language:
            # The API takes the language alone (ISO 639), without script or region.
            form["language"] = language.partition("-")[0].lower()
        # Not by the method for it: see OpenAILLM.
        return client.post(
            "/audio/transcriptions",
            cast_to=Response,
            body=form,
            # The API tells an audio's type by its file's name.
            files={"file": (f"audio.{kind.name}", recording.audio, kind.mime_type)},
            options={"headers": {"Content-Type": "multipart/form-data"}},
        )


def create_text_to_speech(settings: Settings) -> OpenAITextToSpeech:
    """Make the voice behind ``TTS_PROVIDER=openai``. Outside a job it may take as long as a job may."""
    connection = connect_openai(
        settings, model="TTS_MODEL", timeout=QUEUES["interview"].time_limit, max_body=LONGEST_SPEECH_BYTES
    )
    return OpenAITextToSpeech(
        connection,
        model=settings.tts_model or VOICE_MODEL,
        voice=settings.tts_voice or VOICE,
        container=CONTAINERS[settings.tts_audio_format],
    )


def create_speech_to_text(settings: Settings) -> OpenAISpeechToText:
    """Make the service behind ``STT_PROVIDER=openai``. Outside a job it may take as long as a job may."""
    connection = connect_openai(settings, model="STT_MODEL", timeout=QUEUES["transcribe"].time_limit)
    return OpenAISpeechToText(connection, model=settings.stt_model or TRANSCRIPTION_MODEL)


def _read(body: bytes, asked: str | None) -> Transcript:
    """Read the body of a transcription. ``asked`` is the language that was asked for."""
    try:
        reply = _Reply.model_validate_json(body)
    except ValidationError as error:
        raise TranscriptionFailedError("The provider's answer is not a transcription.") from error
    return Transcript(text=reply.text.strip(), language=asked or language_tag(reply.language or ""))
