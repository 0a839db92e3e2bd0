"""Speech by Google Cloud, over gRPC.

Credentials are those that Google's own library finds: the file that ``GOOGLE_APPLICATION_CREDENTIALS`` names,
else those of the platform that the process runs on. They go over TLS only. An endpoint that is written as
``http://…`` (an emulator, a proxy on the same machine) is spoken to in the clear, and gets no credentials.
"""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlsplit

import google.auth
import grpc
from google.api_core import exceptions, grpc_helpers
from google.auth.exceptions import GoogleAuthError

from aiplane.audio.containers import CONTAINERS
from aiplane.context.deadline import remaining
from aiplane.errors import TranscriptionFailedError
from aiplane.errors.opaque import ForeignError
from aiplane.providers.speech import LONGEST_SPEECH_BYTES, SpeechFailedError, Transcript, spoken
from aiplane.providers.speech.faults import (
    NO_TIME_LEFT,
    SettingNames,
    no_connection_sentence,
    status_sentence,
    timeout_sentence,
)
from aiplane.providers.speech.languages import same_language, voice_tag
from aiplane.queues import QUEUES

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiplane.audio import Recording
    from aiplane.audio.containers import Container
    from aiplane.settings import Settings

LANGUAGE = "en-US"
"""What is spoken where neither the job nor a setting says it; the API does not go without."""

LONGEST_PIECE = 55.0
"""Seconds. The API transcribes a minute at a time."""

PIECES_AT_ONCE = 4

_TOO_LONG = "Received message larger than max"
"""gRPC's own words."""

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_CREDENTIALS = "GOOGLE_APPLICATION_CREDENTIALS"
_OPTIONS = (
    ("grpc.max_receive_message_length", LONGEST_SPEECH_BYTES),
    ("grpc.enable_retries", 0),
)

Client = TypeVar("Client")


@dataclass(frozen=True, slots=True)
class Service(Generic[Client]):
    """One of the two services.

    Attributes:
        endpoint: a host, ``host:port`` or URL.
        open: makes the SDK's client for a channel.
        names: the settings that an error points at.
        timeout: seconds that one call may take.
    """

    endpoint: str
    open: Callable[[grpc.Channel], Client]
    names: SettingNames
    timeout: float


class GoogleConnection(Generic[Client]):
    """A client of one service, shared by any number of threads. The first call opens it."""

    def __init__(self, service: Service[Client]) -> None:
        self._service = service
        self._guard = threading.Lock()
        self._channel: grpc.Channel | None = None
        self._client: Client | None = None

    def call(self, request: Callable[[Client, float], Any]) -> Any:
        """Send one request and return its answer. gRPC's deadline bounds all of it.

        Raises:
            SpeechFailedError: there is no answer, or it is not a success.
        """
        names, seconds = self._service.names, min(self._service.timeout, remaining())
        if seconds <= 0:
            raise SpeechFailedError(NO_TIME_LEFT)
        client = self._opened()
        try:
            return request(client, seconds)
        except exceptions.DeadlineExceeded as error:
            raise SpeechFailedError(timeout_sentence(seconds)) from ForeignError(error)
        except exceptions.GoogleAPICallError as error:
            raise SpeechFailedError(_sentence(error, names)) from ForeignError(error)

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        with self._guard:
            if self._channel is not None:
                self._channel.close()
            self._channel = self._client = None

    def _opened(self) -> Client:
        with self._guard:
            if self._client is None:
                try:
                    self._channel = _channel(self._service.endpoint)
                except (OSError, ValueError, GoogleAuthError) as error:
                    sentence = (
                        f"There are no credentials for the provider, or none that work; set {_CREDENTIALS}."
                    )
                    raise SpeechFailedError(sentence) from ForeignError(error)
                self._client = self._service.open(self._channel)
            return self._client


def _channel(endpoint: str) -> grpc.Channel:
    url = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    if url.scheme == "http":
        return grpc.insecure_channel(f"{host}:{url.port or 80}", options=_OPTIONS)
    credentials, _ = google.auth.default(scopes=_SCOPES)
    return grpc_helpers.create_channel(f"{host}:{url.port or 443}", credentials=credentials, options=_OPTIONS)


def _sentence(error: exceptions.GoogleAPICallError, names: SettingNames) -> str:
    # gRPC says "unavailable" of a provider that cannot be reached and of one that answers 503.
    if isinstance(error, exceptions.ServiceUnavailable):
        return no_connection_sentence("it could not be made, or broke", names)
    # And "resource exhausted" of a quota and, on this side, of an answer past the channel's limit.
    if isinstance(error, exceptions.ResourceExhausted) and _TOO_LONG in error.message:
        return f"The provider's answer is longer than {LONGEST_SPEECH_BYTES // 1024 // 1024} MiB."
    return status_sentence(int(error.code or 500), names)


class GoogleTextToSpeech:
    """A voice behind one :class:`GoogleConnection`."""

    provider = "google"

    # The API's own limit.
    max_bytes = 5_000

    def __init__(
        self,
        connection: GoogleConnection[Any],
        *,
        model: str | None,
        voice: str | None,
        container: Container,
    ) -> None:
        self._connection = connection
        self._model = model
        self._voice = voice
        self.container = container

    def synthesize(self, text: str, *, language: str | None) -> bytes:
        """Read a text aloud: see :meth:`aiplane.providers.speech.TextToSpeech.synthesize`."""
        own = voice_tag(self._voice)
        speaks = not (own and language) or same_language(own, language)
        voice: dict[str, Any] = {"language_code": (own if speaks else None) or language or LANGUAGE}
        if self._voice and speaks:
            voice["name"] = self._voice
        if self._model:
            voice["model_name"] = self._model
        encoding = "MP3" if self.container.name == "mp3" else "OGG_OPUS"
        request = {"input": {"text": text}, "voice": voice, "audio_config": {"audio_encoding": encoding}}
        response = self._connection.call(
            lambda client, seconds: client.synthesize_speech(request, timeout=seconds, retry=None)
        )
        return spoken(response.audio_content, self.container)

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()


class GoogleSpeechToText:
    """A transcription service behind one :class:`GoogleConnection`.

    Its interface takes a minute at a time and not every kind of file, so a recording is always converted and
    cut where it is quiet.
    """

    provider = "google"

    def __init__(self, connection: GoogleConnection[Any], *, model: str | None) -> None:
        self._connection = connection
        self._model = model

    def transcribe(self, recording: Recording, *, language: str | None) -> Transcript:
        """Write down what is said: see :meth:`aiplane.providers.speech.SpeechToText.transcribe`."""
        pieces = recording.pieces(LONGEST_PIECE)
        config: dict[str, Any] = {"language_code": language or LANGUAGE, "enable_automatic_punctuation": True}
        if self._model:
            config["model"] = self._model
        # Each thread sees the deadline, and the trace, of the work at hand.
        contexts = [contextvars.copy_context() for _ in pieces]
        try:
            with ThreadPoolExecutor(PIECES_AT_ONCE, thread_name_prefix="google") as threads:
                texts = threads.map(
                    lambda context, piece: context.run(self._piece, config, piece), contexts, pieces
                )
                text = " ".join(text for text in texts if text)
        except SpeechFailedError as error:
            raise TranscriptionFailedError(f"The audio could not be transcribed. {error.sentence}") from error
        return Transcript(text=text, language=language or LANGUAGE)

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()

    def _piece(self, config: dict[str, Any], wav: memoryview) -> str:
        request = {"config": config, "audio": {"content": bytes(wav)}}
        response = self._connection.call(
            lambda client, seconds: client.recognize(request, timeout=seconds, retry=None)
        )
        best = (result.alternatives[0].transcript for result in response.results if result.alternatives)
        return "".join(best).strip()


def create_text_to_speech(settings: Settings) -> GoogleTextToSpeech:
    """Make the voice behind ``TTS_PROVIDER=google``. Outside a job it may take as long as a job may."""
    from google.cloud import texttospeech_v1  # noqa: PLC0415 - who only listens does not load the voice
    from google.cloud.texttospeech_v1.services.text_to_speech import transports  # noqa: PLC0415

    connection = GoogleConnection(
        Service(
            settings.google_tts_endpoint or "texttospeech.googleapis.com",
            lambda channel: texttospeech_v1.TextToSpeechClient(
                transport=transports.TextToSpeechGrpcTransport(channel=channel)
            ),
            SettingNames(_CREDENTIALS, f"GOOGLE_TTS_ENDPOINT and {_CREDENTIALS}", "TTS_VOICE and TTS_MODEL"),
            QUEUES["interview"].time_limit,
        )
    )
    return GoogleTextToSpeech(
        connection,
        model=settings.tts_model,
        voice=settings.tts_voice,
        container=CONTAINERS[settings.tts_audio_format],
    )


def create_speech_to_text(settings: Settings) -> GoogleSpeechToText:
    """Make the service behind ``STT_PROVIDER=google``. Outside a job it may take as long as a job may."""
    from google.cloud import speech_v1  # noqa: PLC0415 - who only speaks does not load the ear
    from google.cloud.speech_v1.services.speech import transports  # noqa: PLC0415

    connection = GoogleConnection(
        Service(
            settings.google_stt_endpoint or "speech.googleapis.com",
            lambda channel: speech_v1.SpeechClient(transport=transports.SpeechGrpcTransport(channel=channel)),
            SettingNames(_CREDENTIALS, f"GOOGLE_STT_ENDPOINT and {_CREDENTIALS}", "STT_MODEL"),
            QUEUES["transcribe"].time_limit,
        )
    )
    return GoogleSpeechToText(connection, model=settings.stt_model)
