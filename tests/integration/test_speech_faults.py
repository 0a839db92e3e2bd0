"""Every provider, every kind of file and every fault, over real sockets: the error is always of one kind."""

from __future__ import annotations

import logging
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.audio import read_recording
from aiplane.context import deadline
from aiplane.errors import TranscriptionFailedError
from aiplane.providers.speech import (
    LONGEST_SPEECH_BYTES,
    SpeechFailedError,
    create_speech_to_text,
    create_text_to_speech,
)
from aiplane.providers.speech.languages import same_language, voice_tag
from aiplane.settings import Settings
from tests.support.audio import KINDS, recording, seconds_of
from tests.support.google_speech import GoogleSpeech

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiplane.audio import Recording
    from tests.support.provider import FakeProvider

KEY = "sk-key-that-nobody-may-see"
SECRET = "words-that-nobody-may-see"

PROVIDERS = ("openai", "google", "azure")

FAULTS = {
    "status=400": "answered 400",
    "status=401": "does not accept the key",
    "status=403": "may not do this",
    "status=404": "no such",
    "status=429": "too many requests",
    "status=500": "on its side",
    "garbage": "",
    "hang": "did not answer within 0.",
}
HTTP_FAULTS = {
    "drip=0.05": "did not answer within 0.",
    "drip-headers=0.05": "did not answer within 0.",
    "reset": "connection",
    "close": "connection",
    "gzip": "compressed",
    "huge=50000000": "longer than",
    "answer=html": "",
}
ENDLESS = ("hang", "drip=0.05", "drip-headers=0.05")
"""Of these, what nothing ends but the deadline."""


@dataclass
class Stage:
    """The servers of all three providers, and adapters that reach them."""

    http: FakeProvider
    google: GoogleSpeech
    made: list[Any]

    def settings(self, provider: str, **more: Any) -> Settings:
        return Settings(
            openai_base_url=self.http.base_url,
            openai_api_key=KEY,
            azure_speech_key=KEY,
            azure_speech_endpoint=self.http.base_url.removesuffix("/v1"),
            google_tts_endpoint=self.google.url,
            google_stt_endpoint=self.google.url,
            **{"tts_provider": provider, "stt_provider": provider, **more},
        )

    def voice(self, provider: str, **more: Any) -> Any:
        self.made.append(create_text_to_speech(self.settings(provider, **more)))
        return self.made[-1]

    def ear(self, provider: str, **more: Any) -> Any:
        self.made.append(create_speech_to_text(self.settings(provider, **more)))
        return self.made[-1]


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleSpeech]:
    with GoogleSpeech() as server:
        yield server


@pytest.fixture
def stage(provider: FakeProvider, google: GoogleSpeech) -> Iterator[Stage]:
    google.fault = ""
    google.requests.clear()
    google.metadata.clear()
    standing = Stage(provider, google, [])
    yield standing
    for adapter in standing.made:
        adapter.close()


@pytest.fixture
def case(request: pytest.FixtureRequest) -> str:
    """The name under which the HTTP provider counts this test's calls."""
    return "".join(each if each.isalnum() else "-" for each in request.node.name).strip("-")


def said(kind: str, case: str, fault: str = "") -> Recording:
    comment = f"[[case: {case}]] [[provider: {fault}]] {SECRET}"
    return read_recording(recording(kind, 0.5, comment=comment), KINDS[kind].mime_type)


def directive(fault: str) -> str:
    """The HTTP server's words for a fault that both kinds of server know."""
    return "answer=garbage" if fault == "garbage" else fault


def fails(
    error: type[SpeechFailedError | TranscriptionFailedError], work: Callable[[], object], fault: str = ""
) -> str:
    """Run what must fail by a fault, within its deadline; return all that could reach a log."""
    started = time.monotonic()
    with deadline.within(0.7 if fault in ENDLESS else 30.0), pytest.raises(error) as raised:
        work()
    assert time.monotonic() - started < 3
    return "".join(traceback.format_exception(raised.value))


# Speech in


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_hears_every_kind_of_file(stage: Stage, case: str, name: str, kind: str) -> None:
    transcript = stage.ear(name).transcribe(said(kind, case), language="en-US")

    assert (transcript.text, transcript.language) == ("I would use a hash map.", "en-US")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", ["webm", "ogg", "wav", "mp3", "m4a", "flac"])
@pytest.mark.parametrize("name", PROVIDERS)
def test_every_fault_is_a_failed_transcription(
    stage: Stage, case: str, caplog: pytest.LogCaptureFixture, name: str, kind: str, fault: str
) -> None:
    stage.google.fault = fault
    heard, ear = said(kind, case, directive(fault)), stage.ear(name)
    with caplog.at_level(logging.DEBUG):
        written = fails(TranscriptionFailedError, lambda: ear.transcribe(heard, language=None), fault)

    assert FAULTS[fault] in written
    assert SECRET not in written + caplog.text
    assert KEY not in written + caplog.text
    assert len(stage.google.requests if name == "google" else stage.http.calls(case)) == 1


@pytest.mark.parametrize("fault", HTTP_FAULTS)
@pytest.mark.parametrize("name", ["openai", "azure"])
def test_every_fault_of_http_is_a_failed_transcription(
    stage: Stage, case: str, name: str, fault: str
) -> None:
    heard, ear = said("webm", case, fault), stage.ear(name)
    written = fails(TranscriptionFailedError, lambda: ear.transcribe(heard, language=None), fault)

    assert HTTP_FAULTS[fault] in written
    assert SECRET not in written
    assert len(stage.http.calls(case)) == 1


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_provider_that_hears_nothing_gives_no_text(stage: Stage, case: str, name: str) -> None:
    stage.google.fault = "empty"
    stage.http.answer_for(case, " ")

    assert stage.ear(name).transcribe(said("webm", case), language="en-US").text == ""


def test_google_is_sent_a_minute_at_a_time(stage: Stage) -> None:
    long = read_recording(recording("ogg", 130.0), "audio/ogg")
    transcript = stage.ear("google").transcribe(long, language="de-DE")

    lengths = [seconds_of(request.audio.content) for request in stage.google.requests]
    assert len(lengths) == 3
    assert max(lengths) <= 55
    assert 129.5 < sum(lengths) < 130.5
    assert {request.config.language_code for request in stage.google.requests} == {"de-DE"}
    assert transcript.text == " ".join(["I would use a hash map."] * 3)


@pytest.mark.parametrize(("asked", "locales"), [("de-DE", '["de-DE"]'), ("de", None), (None, None)])
def test_azure_is_told_a_language_only_with_its_country(
    stage: Stage, case: str, asked: str | None, locales: str | None
) -> None:
    transcript = stage.ear("azure").transcribe(said("webm", case), language=asked)

    [call] = stage.http.calls(case)
    wanted = "{}" if locales is None else f'{{"locales": {locales}}}'
    assert call.request["definition"] == wanted
    assert call.request["audio"]["filename"] == "audio.webm"
    assert call.headers["ocp-apim-subscription-key"] == KEY
    assert transcript.language == (asked or "en-US")


# Speech out


@pytest.mark.parametrize("form", ["mp3", "ogg"])
@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_speaks_in_every_format(stage: Stage, case: str, name: str, form: str) -> None:
    voice = stage.voice(name, tts_audio_format=form)
    audio = voice.synthesize(f"Hello. [[case: {case}]]", language=None)

    assert voice.container.name == form
    assert 0.4 < seconds_of(audio) < 0.6


@pytest.mark.parametrize("fault", [*FAULTS, "empty"])
@pytest.mark.parametrize("form", ["mp3", "ogg"])
@pytest.mark.parametrize("name", PROVIDERS)
def test_every_fault_is_failed_speech(
    stage: Stage, case: str, caplog: pytest.LogCaptureFixture, name: str, form: str, fault: str
) -> None:
    stage.google.fault = fault
    words = "answer=empty" if fault == "empty" else directive(fault)
    text = f"{SECRET} [[case: {case}]] [[provider: {words}]]"
    voice = stage.voice(name, tts_audio_format=form)
    with caplog.at_level(logging.DEBUG):
        written = fails(SpeechFailedError, lambda: voice.synthesize(text, language=None), fault)

    assert FAULTS.get(fault, "not a whole") in written
    assert SECRET not in written + caplog.text
    assert KEY not in written + caplog.text
    assert len(stage.google.requests if name == "google" else stage.http.calls(case)) == 1


@pytest.mark.parametrize("fault", [*HTTP_FAULTS, "answer=truncated"])
@pytest.mark.parametrize("name", ["openai", "azure"])
def test_every_fault_of_http_is_failed_speech(stage: Stage, case: str, name: str, fault: str) -> None:
    text, voice = f"[[case: {case}]] [[provider: {fault}]]", stage.voice(name)
    written = fails(SpeechFailedError, lambda: voice.synthesize(text, language=None), fault)

    assert HTTP_FAULTS.get(fault, "not a whole") in written


def test_google_s_answers_are_bounded(stage: Stage) -> None:
    stage.google.fault = f"long={LONGEST_SPEECH_BYTES}"
    voice = stage.voice("google", tts_audio_format="mp3")

    with pytest.raises(SpeechFailedError, match="longer than 16 MiB"):
        voice.synthesize("Hello.", language=None)


def test_google_may_speak_for_as_long_as_the_others(stage: Stage) -> None:
    stage.google.fault = f"long={LONGEST_SPEECH_BYTES * 3 // 4}"
    audio = stage.voice("google", tts_audio_format="mp3").synthesize("Hello.", language=None)

    assert len(audio) > LONGEST_SPEECH_BYTES * 3 // 4


@pytest.mark.parametrize(
    ("voice", "language", "name", "spoken"),
    [
        (None, None, "", "en-US"),
        (None, "fr", "", "fr"),
        ("de-DE-Neural2-B", None, "de-DE-Neural2-B", "de-DE"),
        ("de-DE-Neural2-B", "de-AT", "de-DE-Neural2-B", "de-DE"),
        ("de-DE-Neural2-B", "fr-FR", "", "fr-FR"),
    ],
)
def test_google_speaks_the_reply_s_language(
    stage: Stage, voice: str | None, language: str | None, name: str, spoken: str
) -> None:
    stage.voice("google", tts_voice=voice).synthesize("Hello.", language=language)

    [request] = stage.google.requests
    assert (request.voice.name, request.voice.language_code) == (name, spoken)
    assert "authorization" not in stage.google.metadata[0]


@pytest.mark.parametrize(
    ("voice", "language", "name"),
    [
        (None, "fr-FR", "en-US-AvaMultilingualNeural"),
        ("de-DE-KatjaNeural", "de-AT", "de-DE-KatjaNeural"),
        ("de-DE-KatjaNeural", "fr-FR", "en-US-AvaMultilingualNeural"),
        ("de-DE-FlorianMultilingualNeural", "fr-FR", "de-DE-FlorianMultilingualNeural"),
    ],
)
def test_azure_speaks_the_reply_s_language(
    stage: Stage, case: str, voice: str | None, language: str, name: str
) -> None:
    text = f'1 < 2 & "so" on\x0b [[case: {case}]]'
    stage.voice("azure", tts_voice=voice).synthesize(text, language=language)

    [call] = stage.http.calls(case)
    ssml = call.request["ssml"]
    assert f'<voice name="{name}"><lang xml:lang="{language}">' in ssml
    assert '1 &lt; 2 &amp; "so" on' in ssml
    assert "\x0b" not in ssml
    assert call.headers["x-microsoft-outputformat"] == "audio-24khz-48kbitrate-mono-mp3"


# Where they are


@pytest.mark.parametrize(
    ("env", "speaks", "listens"),
    [
        (
            {"azure_speech_region": "westeurope"},
            "https://westeurope.tts.speech.microsoft.com/cognitiveservices/v1",
            "https://westeurope.api.cognitive.microsoft.com/speechtotext/",
        ),
        (
            {"azure_speech_endpoint": "https://eastus.api.cognitive.microsoft.com"},
            "https://eastus.tts.speech.microsoft.com/cognitiveservices/v1",
            "https://eastus.api.cognitive.microsoft.com/speechtotext/",
        ),
        (
            {"azure_speech_endpoint": "https://mine.cognitiveservices.azure.com", "azure_speech_region": "x"},
            "https://mine.cognitiveservices.azure.com/tts/cognitiveservices/v1",
            "https://mine.cognitiveservices.azure.com/speechtotext/",
        ),
    ],
)
def test_azure_is_found_by_region_or_endpoint(env: dict[str, str], speaks: str, listens: str) -> None:
    settings = Settings(tts_provider="azure", stt_provider="azure", azure_speech_key="k", **env)

    voice: Any = create_text_to_speech(settings)
    ear: Any = create_speech_to_text(settings)

    assert voice._url == speaks
    assert ear._url.startswith(listens)


def test_google_s_credentials_never_travel_in_the_clear(
    stage: Stage, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plain address gets none, even where there are some."""
    file = tmp_path / "key.json"
    file.write_text("{}")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    stage.voice("google").synthesize("Hello.", language=None)

    assert "authorization" not in stage.google.metadata[0]


def test_google_without_credentials_says_which_setting_is_missing(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key.json"
    file.write_text('{"type": "words-that-nobody-may-see"}')
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    voice: Any = create_text_to_speech(
        Settings(
            tts_provider="google",
            google_tts_endpoint="127.0.0.1:1",
        )
    )
    written = fails(SpeechFailedError, lambda: voice.synthesize("Hello.", language=None))
    voice.close()

    assert "GOOGLE_APPLICATION_CREDENTIALS" in written
    assert SECRET not in written


@pytest.mark.parametrize("name", PROVIDERS)
def test_nobody_there_is_a_fault_like_any_other(name: str) -> None:
    settings = Settings(
        tts_provider=name,  # type: ignore[arg-type]  # a parameter of the test
        openai_base_url="http://127.0.0.1:1/v1",
        azure_speech_endpoint="http://127.0.0.1:1",
        azure_speech_key="k",
        google_tts_endpoint="http://127.0.0.1:1",
    )
    voice: Any = create_text_to_speech(settings)
    written = fails(SpeechFailedError, lambda: voice.synthesize("Hello.", language=None))
    voice.close()

    assert "connection to the provider failed" in written


def test_none_is_nobody() -> None:
    assert create_text_to_speech(Settings()) is None
    assert create_speech_to_text(Settings()) is None


def test_a_voice_s_name_tells_its_language() -> None:
    assert voice_tag("de-DE-KatjaNeural") == "de-DE"
    assert voice_tag("alloy") is voice_tag(None) is None
    assert same_language("de-DE", "DE-at")
    assert not same_language("de", "en")
