"""Speech by OpenAI, and every server that speaks its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.audio.containers import CONTAINERS
from aiplane.contracts import clean
from aiplane.errors import LLMError, TranscriptionFailedError
from aiplane.providers.llm.openai_client import connect_openai
from aiplane.providers.llm.openai_errors import RefusedError
from aiplane.providers.llm.openai_failed import tells_of_error
from aiplane.providers.llm.openai_json import first_object, read_json
from aiplane.providers.llm.openai_refusal import refusal_in_reply
from aiplane.providers.speech import LONGEST_SPEECH_BYTES, SpeechFailedError, Transcript, spoken
from aiplane.providers.speech.languages import language_tag
from aiplane.queues import QUEUES

if TYPE_CHECKING:
    from httpx2 import Response

    from aiplane.audio import Recording
    from aiplane.audio.containers import Container
    from aiplane.providers.llm.openai_client import OpenAIConnection, Sender
    from aiplane.providers.llm.openai_refusal import Refusal
    from aiplane.settings import Settings

VOICE = "alloy"
VOICE_MODEL = "gpt-4o-mini-tts"
TRANSCRIPTION_MODEL = "whisper-1"

_VERBOSE, _PLAIN = "verbose_json", "json"

_VERBOSE_MODELS = frozenset({"whisper-1"})
"""The models that tell the language when asked. The others refuse to be asked."""


class OpenAITextToSpeech:
    """A voice behind one :class:`~aiplane.providers.llm.openai_client.OpenAIConnection`."""

    provider = "openai"

    # The API takes 4096 characters, and its newer models 2000 tokens. In bytes, both hold in any script.
    max_bytes = 4_096

    def __init__(self, connection: OpenAIConnection, *, model: str, voice: str, container: Container) -> None:
        self._connection = connection
        self._model = model
        self._voice = voice
        self.container = container

    def synthesize(self, text: str, *, language: str | None) -> bytes:  # noqa: ARG002 - it hears that itself
        """Read a text aloud: see :meth:`aiplane.providers.speech.TextToSpeech.synthesize`."""
        try:
            audio = self._connection.call(lambda sender: self._ask(sender, text))
        except LLMError as error:
            raise SpeechFailedError(error.sentence) from error
        return spoken(audio, self.container)

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()

    def _ask(self, sender: Sender, text: str) -> bytes:
        body = {
            "input": text,
            "model": self._model,
            "voice": self._voice,
            "response_format": "mp3" if self.container.name == "mp3" else "opus",
        }
        options = {"headers": {"Accept": "application/octet-stream"}}
        return sender.post("/audio/speech", body=body, options=options).content


class OpenAISpeechToText:
    """A transcription model behind one :class:`~aiplane.providers.llm.openai_client.OpenAIConnection`.

    A server that refuses the form of answer that tells the language is asked for the plain one, from then on.
    """

    provider = "openai"

    def __init__(self, connection: OpenAIConnection, *, model: str) -> None:
        self._connection = connection
        self._model = model
        self._form = _VERBOSE if model in _VERBOSE_MODELS else _PLAIN

    def transcribe(self, recording: Recording, *, language: str | None) -> Transcript:
        """Write down what is said: see :meth:`aiplane.providers.speech.SpeechToText.transcribe`."""
        try:
            return self._connection.call(lambda sender: self._ask(sender, recording, language))
        except LLMError as error:
            raise TranscriptionFailedError(f"The audio could not be transcribed. {error.sentence}") from error

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()

    def _ask(self, sender: Sender, recording: Recording, language: str | None) -> Transcript:
        form = self._form
        try:
            return self._send(sender, recording, language, form)
        except RefusedError as error:
            if form == _PLAIN or not _refuses_form(error.refusal):
                raise
            transcript = self._send(sender, recording, language, _PLAIN)
            self._form = _PLAIN
            return transcript

    def _send(self, sender: Sender, recording: Recording, language: str | None, form: str) -> Transcript:
        kind = recording.container
        fields = {"model": self._model, "response_format": form}
        if language:
            # The API takes the language alone (ISO 639), without script or region.
            fields["language"] = language.partition("-")[0].lower()
        response = sender.post(
            "/audio/transcriptions",
            body=fields,
            # The API tells an audio's type by its file's name.
            files={"file": (f"audio.{kind.name}", recording.audio, kind.mime_type)},
            options={"headers": {"Content-Type": "multipart/form-data"}},
        )
        return _read(response, language)


def create_text_to_speech(settings: Settings) -> OpenAITextToSpeech:
    """Make the voice behind ``TTS_PROVIDER=openai``. Outside a job it may take as long as a job may."""
    connection = connect_openai(
        settings, use="voice", timeout=QUEUES["interview"].time_limit, max_body=LONGEST_SPEECH_BYTES
    )
    return OpenAITextToSpeech(
        connection,
        model=settings.tts_model or VOICE_MODEL,
        voice=settings.tts_voice or VOICE,
        container=CONTAINERS[settings.tts_audio_format],
    )


def create_speech_to_text(settings: Settings) -> OpenAISpeechToText:
    """Make the service behind ``STT_PROVIDER=openai``. Outside a job it may take as long as a job may."""
    connection = connect_openai(settings, use="transcription", timeout=QUEUES["transcribe"].time_limit)
    return OpenAISpeechToText(connection, model=settings.stt_model or TRANSCRIPTION_MODEL)


def _refuses_form(refusal: Refusal) -> bool:
    return any(refusal.names(word) for word in ("response_format", _VERBOSE, "timestamp_granularities"))


def _read(response: Response, asked: str | None) -> Transcript:
    """Read a transcription. ``asked`` is the language that was asked for."""
    try:
        reply = first_object(read_json(response.content))
    except ValueError as error:
        raise TranscriptionFailedError("The provider's answer is not a transcription.") from error
    text = reply.get("text")
    if not isinstance(text, str):
        if "error" in reply or tells_of_error(reply):  # in a 200, as gateways have it
            raise RefusedError(refusal_in_reply(response.status_code, response.headers, reply))
        raise TranscriptionFailedError("The provider's answer is not a transcription.")
    heard = reply.get("language")
    language = asked or language_tag(heard if isinstance(heard, str) else "")
    return Transcript(text=clean(text).strip(), language=language)
