"""Speech by Azure, over its REST interface and the HTTP client that is here anyway.

Azure's own package is a native SDK for microphones and streams. What is needed here is two requests: one for
a voice (SSML in, a file out) and one for a "fast transcription" (a file in, JSON out).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

import httpx2

from aiplane.audio.containers import CONTAINERS
from aiplane.context.deadline import remaining, within
from aiplane.contracts import clean
from aiplane.errors import TranscriptionFailedError
from aiplane.errors.opaque import ForeignError
from aiplane.providers.http.client import (
    MAX_BODY_BYTES,
    OpenedOnce,
    UnreadableBodyError,
    open_http,
    why_no_answer,
)
from aiplane.providers.http.environment import HttpEnvironmentError
from aiplane.providers.llm.openai_json import first_object, read_json
from aiplane.providers.speech import LONGEST_SPEECH_BYTES, SpeechFailedError, Transcript, spoken
from aiplane.providers.speech.faults import (
    NO_TIME_LEFT,
    SettingNames,
    no_connection_sentence,
    status_sentence,
    timeout_sentence,
)
from aiplane.providers.speech.languages import language_tag, same_language, voice_tag
from aiplane.queues import QUEUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.audio import Recording
    from aiplane.audio.containers import Container
    from aiplane.settings import Settings

VOICE = "en-US-AvaMultilingualNeural"
"""It reads every language that it is given."""

API_VERSION = "2025-10-15"

_FORMATS = {"mp3": "audio-24khz-48kbitrate-mono-mp3", "ogg": "ogg-24khz-16bit-mono-opus"}
_REGION_OF_ENDPOINT = re.compile(r"https://([a-z0-9-]+)\.api\.cognitive\.microsoft\.com")
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class AzureConnection:
    """One HTTP client for any number of threads, each of which sends its own calls. The first one opens it.

    Args:
        key: the key of the resource.
        choice: the setting that chooses the voice or the model, for the errors.
        timeout: seconds that one call may take, from connecting to the last byte.
        max_body: the longest answer that is read, in bytes.
    """

    def __init__(self, key: str, *, choice: str, timeout: float, max_body: int = MAX_BODY_BYTES) -> None:
        self._key = key
        self._names = SettingNames("AZURE_SPEECH_KEY", "AZURE_SPEECH_REGION or AZURE_SPEECH_ENDPOINT", choice)
        self._timeout = timeout
        self._client = OpenedOnce(lambda: open_http(max_body=max_body))

    def post(self, url: str, *, headers: dict[str, str] | None = None, **body: Any) -> bytes:
        """Send one request and return the body of its answer.

        It ends with the call's timeout or with the deadline of the work at hand, whichever comes first; the
        connection is closed then.

        Raises:
            SpeechFailedError: there is no answer, or it is not a success.
        """
        seconds = min(self._timeout, remaining())
        if seconds <= 0:
            raise SpeechFailedError(NO_TIME_LEFT)
        with within(seconds):
            try:
                response = self._send(url, headers or {}, body)
            except HttpEnvironmentError as error:
                raise SpeechFailedError(f"The provider could not be asked: {error.sentence}") from error
            except UnreadableBodyError as error:
                raise SpeechFailedError(f"The provider's answer cannot be read: {error}.") from error
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                if remaining() <= 0:
                    raise SpeechFailedError(timeout_sentence(seconds)) from ForeignError(error)
                reason = why_no_answer(error)
                raise SpeechFailedError(no_connection_sentence(reason, self._names)) from ForeignError(error)
        if response.status_code != httpx2.codes.OK:
            raise SpeechFailedError(status_sentence(response.status_code, self._names))
        return response.content

    def close(self) -> None:
        """Close the connections. For programs that outlive them; a later call opens others."""
        self._client.close()

    def _send(self, url: str, headers: dict[str, str], body: dict[str, Any]) -> httpx2.Response:
        headers = {**headers, "Ocp-Apim-Subscription-Key": self._key, "User-Agent": "aiplane"}
        return self._client.get().post(url, headers=headers, **body)


class AzureTextToSpeech:
    """A voice behind one :class:`AzureConnection`."""

    provider = "azure"

    # Azure makes ten minutes of audio at once; that many bytes are read in about five.
    max_bytes = 5_000

    def __init__(self, connection: AzureConnection, *, url: str, voice: str, container: Container) -> None:
        self._connection = connection
        self._url = url
        self._voice = voice
        self.container = container

    def synthesize(self, text: str, *, language: str | None) -> bytes:
        """Read a text aloud: see :meth:`aiplane.providers.speech.TextToSpeech.synthesize`."""
        headers = {
            "Content-Type": "application/ssml+xml",
            "X-Microsoft-OutputFormat": _FORMATS[self.container.name],
        }
        ssml = self._ssml(text, language).encode()
        return spoken(self._connection.post(self._url, headers=headers, content=ssml), self.container)

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()

    def _ssml(self, text: str, language: str | None) -> str:
        own = voice_tag(self._voice)
        speaks = "Multilingual" in self._voice or not (own and language) or same_language(own, language)
        voice = self._voice if speaks else VOICE
        words = escape(_NOT_IN_XML.sub(" ", text))
        if language and "-" in language:
            words = f"<lang xml:lang={quoteattr(language)}>{words}</lang>"
        return (
            f'<speak version="1.0" xmlns="http://www.w3.org/2001/10/synthesis" xml:lang="{own or "en-US"}">'
            f"<voice name={quoteattr(voice)}>{words}</voice></speak>"
        )


class AzureSpeechToText:
    """A transcription service behind one :class:`AzureConnection`."""

    provider = "azure"

    def __init__(self, connection: AzureConnection, *, url: str) -> None:
        self._connection = connection
        self._url = url

    def transcribe(self, recording: Recording, *, language: str | None) -> Transcript:
        """Write down what is said: see :meth:`aiplane.providers.speech.SpeechToText.transcribe`."""
        kind = recording.container
        # Azure knows a language by its country (en-US); without one it hears the language itself.
        definition = {"locales": [language]} if language and "-" in language else {}
        files = {
            "audio": (f"audio.{kind.name}", recording.audio, kind.mime_type),
            "definition": (None, json.dumps(definition).encode(), "application/json"),
        }
        try:
            reply = self._connection.post(self._url, files=files)
        except SpeechFailedError as error:
            raise TranscriptionFailedError(f"The audio could not be transcribed. {error.sentence}") from error
        return read_transcription(reply, language)

    def close(self) -> None:
        """Close the connection. For programs that outlive it."""
        self._connection.close()


def create_text_to_speech(settings: Settings) -> AzureTextToSpeech:
    """Make the voice behind ``TTS_PROVIDER=azure``. Outside a job it may take as long as a job may."""
    seconds = QUEUES["interview"].time_limit
    connection = AzureConnection(
        _key(settings), choice="TTS_VOICE", timeout=seconds, max_body=LONGEST_SPEECH_BYTES
    )
    region = _region(settings)
    host = f"https://{region}.tts.speech.microsoft.com" if region else f"{settings.azure_speech_endpoint}/tts"
    return AzureTextToSpeech(
        connection,
        url=f"{host}/cognitiveservices/v1",
        voice=settings.tts_voice or VOICE,
        container=CONTAINERS[settings.tts_audio_format],
    )


def create_speech_to_text(settings: Settings) -> AzureSpeechToText:
    """Make the service behind ``STT_PROVIDER=azure``. Outside a job it may take as long as a job may."""
    connection = AzureConnection(
        _key(settings), choice="STT_LANGUAGE", timeout=QUEUES["transcribe"].time_limit
    )
    region = _region(settings)
    host = f"https://{region}.api.cognitive.microsoft.com" if region else settings.azure_speech_endpoint
    return AzureSpeechToText(
        connection, url=f"{host}/speechtotext/transcriptions:transcribe?api-version={API_VERSION}"
    )


def read_transcription(body: bytes, asked: str | None) -> Transcript:
    """Read a transcription, in whatever form it comes.

    Args:
        body: the answer.
        asked: the language that was asked for.

    Raises:
        TranscriptionFailedError: it is none.
    """
    try:
        reply = first_object(read_json(body))
    except ValueError as error:
        raise TranscriptionFailedError("The provider's answer is not a transcription.") from error
    if not isinstance(reply.get("combinedPhrases"), list):
        raise TranscriptionFailedError("The provider's answer is not a transcription.")
    # One text for each channel of the recording.
    text = " ".join(_texts(reply["combinedPhrases"], "text"))
    heard = next(_texts(reply.get("phrases"), "locale"), "")
    return Transcript(text=clean(text).strip(), language=asked or language_tag(heard))


def _texts(phrases: object, name: str) -> Iterator[str]:
    """Yield a field of each phrase that has it; anybody may have written them."""
    for each in phrases if isinstance(phrases, list) else ():
        value = each.get(name) if isinstance(each, dict) else None
        if isinstance(value, str) and value.strip():
            yield value.strip()


def _region(settings: Settings) -> str | None:
    """Return the region whose own hosts serve; None where the resource has a host of its own.

    Azure's portal shows the region's host as the endpoint of a resource that has none.
    """
    if settings.azure_speech_endpoint is None:
        return settings.azure_speech_region
    found = _REGION_OF_ENDPOINT.fullmatch(settings.azure_speech_endpoint)
    return found[1] if found else None


def _key(settings: Settings) -> str:
    return settings.azure_speech_key.get_secret_value() if settings.azure_speech_key else ""
