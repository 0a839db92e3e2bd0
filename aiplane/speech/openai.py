"""Speech to text by OpenAI, and every server that speaks its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from openai import omit
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aiplane.errors import LLMError, TranscriptionFailedError
from aiplane.llm.openai_client import connect_openai
from aiplane.queues import QUEUES
from aiplane.speech import Transcript
from aiplane.speech.languages import language_tag

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from aiplane.llm.openai_client import OpenAIConnection, RawResponse
    from aiplane.settings import Settings

DEFAULT_MODEL = "whisper-1"

_VERBOSE_MODELS = frozenset({"whisper-1"})
"""The models that tell language and duration when asked. The others refuse to be asked."""

_EXTENSIONS = {
    "audio/aac": "m4a",
    "audio/flac": "flac",
    "audio/m4a": "m4a",
    "audio/mp3": "mp3",
    "audio/mp4": "mp4",
    "audio/mpeg": "mp3",
    "audio/mpga": "mp3",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/vnd.wave": "wav",
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/webm": "webm",
    "audio/x-flac": "flac",
    "audio/x-m4a": "m4a",
    "audio/x-wav": "wav",
    "application/ogg": "ogg",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
"""The API tells an audio's type by its file's name, so each type that it takes needs the right ending."""

Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


class _Usage(BaseModel):
    seconds: Seconds | None = None


class _Reply(BaseModel):
    # A validation error may reach the log; what a candidate said must not.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    text: str
    language: str | None = None
    duration: Seconds | None = None
    usage: _Usage | None = None


class OpenAISpeechToText:
    """A transcription model behind one :class:`~aiplane.llm.openai_client.OpenAIConnection`."""

    provider = "openai"

    def __init__(self, connection: OpenAIConnection, *, model: str) -> None:
        self._connection = connection
        self._model = model

    def transcribe(self, audio: bytes, *, mime_type: str, language: str | None) -> Transcript:
        """Write down what is said: see :meth:`aiplane.speech.SpeechToText.transcribe`."""
        essence = mime_type.partition(";")[0].strip().lower()
        if (extension := _EXTENSIONS.get(essence)) is None:
            raise TranscriptionFailedError("The audio's mimeType is not one that can be transcribed.")

        async def ask(client: AsyncOpenAI) -> RawResponse:
            return await client.audio.transcriptions.with_raw_response.create(
                file=(f"audio.{extension}", audio, essence),
                model=self._model,
                # The API takes the language alone (ISO 639), without script or region.
                language=language.partition("-")[0].lower() if language else omit,
                response_format="verbose_json" if self._model in _VERBOSE_MODELS else "json",
            )

        try:
            body = self._connection.call(ask)
        except LLMError as error:
            raise TranscriptionFailedError(f"The audio could not be transcribed. {error.sentence}") from error
        return _read(body, language)

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()


def create_openai(settings: Settings) -> OpenAISpeechToText:
    """Make the service behind ``STT_PROVIDER=openai``. Outside a job it may take as long as a job may."""
    connection = connect_openai(settings, model="STT_MODEL", timeout=QUEUES["transcribe"].time_limit)
    return OpenAISpeechToText(connection, model=settings.stt_model or DEFAULT_MODEL)


def _read(body: bytes, asked: str | None) -> Transcript:
    """Read the body of a transcription. ``asked`` is the language that was asked for."""
    try:
        reply = _Reply.model_validate_json(body)
    except ValidationError as error:
        raise TranscriptionFailedError("The provider's answer is not a transcription.") from error
    seconds = reply.duration if reply.duration is not None else (reply.usage or _Usage()).seconds
    return Transcript(
        text=reply.text.strip(),
        language=asked or language_tag(reply.language or ""),
        duration_ms=None if seconds is None else round(seconds * 1000),
    )
