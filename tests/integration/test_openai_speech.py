"""The transcription adapter against a real server: what it sends, and what becomes of every fault."""

from __future__ import annotations

import logging
import re
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from aiplane import deadline
from aiplane.errors import TranscriptionFailedError
from aiplane.settings import Settings, SettingsError
from aiplane.speech import Transcript, create_speech_to_text
from aiplane.speech.languages import language_tag
from aiplane.speech.openai import OpenAISpeechToText, create_openai

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.provider import FakeProvider

    Connect = Callable[..., OpenAISpeechToText]

KEY = "sk-key-that-nobody-may-see"
SAID = "words-that-nobody-may-see"


@pytest.fixture
def connect(provider: FakeProvider) -> Iterator[Connect]:
    """Make services that are closed when the test is over."""
    made: list[OpenAISpeechToText] = []

    def make(**env: str) -> OpenAISpeechToText:
        here = {"OPENAI_BASE_URL": provider.base_url, "OPENAI_API_KEY": KEY, "STT_PROVIDER": "openai"}
        made.append(create_openai(Settings.load({**here, **env})))
        return made[-1]

    yield make
    for service in made:
        service.close()


@pytest.fixture
def case(request: pytest.FixtureRequest) -> str:
    """The name under which the provider counts this test's calls."""
    return re.sub(r"\W+", "-", request.node.name).strip("-")


def audio(case: str, behaviour: str = "") -> bytes:
    return f"[[case: {case}]] [[provider: {behaviour}]]".encode() + bytes(range(256))


def test_a_transcript_has_its_language_and_its_length(connect: Connect, case: str) -> None:
    transcript = connect().transcribe(audio(case), mime_type="audio/webm", language=None)

    assert transcript == Transcript("I would use a hash map.", language="en", duration_ms=2500)


def test_the_audio_travels_whole_and_with_its_type(
    provider: FakeProvider, connect: Connect, case: str
) -> None:
    connect().transcribe(audio(case), mime_type="audio/webm;codecs=opus", language="pt-BR")

    [call] = provider.calls(case)
    assert call.request == {
        "model": "whisper-1",
        "language": "pt",
        "response_format": "verbose_json",
        "file": {"filename": "audio.webm", "type": "audio/webm", "size": len(audio(case))},
    }


def test_other_models_are_not_asked_for_what_they_refuse(
    provider: FakeProvider, connect: Connect, case: str
) -> None:
    service = connect(STT_MODEL="gpt-4o-transcribe")
    transcript = service.transcribe(audio(case), mime_type="audio/ogg", language="en-US")

    [call] = provider.calls(case)
    assert call.request["model"] == "gpt-4o-transcribe"
    assert call.request["response_format"] == "json"
    assert transcript == Transcript("I would use a hash map.", language="en-US", duration_ms=None)


@pytest.mark.parametrize(
    ("mime_type", "filename"),
    [
        ("audio/webm; codecs=opus", "audio.webm"),
        ("video/webm", "audio.webm"),
        ("AUDIO/OGG", "audio.ogg"),
        ("audio/opus", "audio.ogg"),
        ("audio/wav", "audio.wav"),
        ("audio/x-wav", "audio.wav"),
        ("audio/mpeg", "audio.mp3"),
        ("audio/mp3", "audio.mp3"),
        ("audio/mp4", "audio.mp4"),
        ("audio/x-m4a", "audio.m4a"),
        ("audio/flac", "audio.flac"),
    ],
)
def test_the_files_name_tells_its_type(
    provider: FakeProvider, connect: Connect, case: str, mime_type: str, filename: str
) -> None:
    connect().transcribe(audio(case), mime_type=mime_type, language=None)

    assert provider.calls(case)[0].request["file"]["filename"] == filename


def test_a_type_that_nobody_transcribes_is_not_sent(
    provider: FakeProvider, connect: Connect, case: str
) -> None:
    with pytest.raises(TranscriptionFailedError, match="mimeType"):
        connect().transcribe(audio(case), mime_type="application/pdf", language=None)

    assert provider.calls(case) == []


def test_silence_is_no_fault(provider: FakeProvider, connect: Connect, case: str) -> None:
    provider.answer_for(case, " ")

    assert connect().transcribe(audio(case), mime_type="audio/wav", language=None).text == ""


FAULTS = [
    ("status=400", "answered 400"),
    ("status=400 param=file", "cannot read the audio"),
    ("status=401", "OPENAI_API_KEY"),
    ("status=404", "STT_MODEL"),
    ("status=413", "too large"),
    ("status=429", "answered 429"),
    ("status=500", "answered 500"),
    ("reset", "connection"),
    ("huge=50000000", "longer than 4 MiB"),
    ("answer=html", "not a transcription"),
]


@pytest.mark.parametrize(("behaviour", "says"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_every_fault_is_a_failed_transcription(
    provider: FakeProvider,
    connect: Connect,
    case: str,
    caplog: pytest.LogCaptureFixture,
    behaviour: str,
    says: str,
) -> None:
    said = audio(case, behaviour) + SAID.encode()
    with caplog.at_level(logging.DEBUG), pytest.raises(TranscriptionFailedError) as raised:
        connect().transcribe(said, mime_type="audio/webm", language=None)

    assert says in raised.value.sentence
    written = "".join(traceback.format_exception(raised.value)) + caplog.text
    assert KEY not in written
    assert SAID not in written
    assert len(provider.calls(case)) == 1


def test_what_was_said_reaches_no_error(
    provider: FakeProvider, connect: Connect, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "_transcription", lambda _: f'{{"said": "{SAID}"}}'.encode())
    with pytest.raises(TranscriptionFailedError, match="not a transcription") as raised:
        connect().transcribe(audio(case), mime_type="audio/webm", language=None)

    assert SAID not in "".join(traceback.format_exception(raised.value))
    assert SAID not in repr(Transcript(SAID, None, None))


@pytest.mark.parametrize("behaviour", ["hang", "drip=0.05", "drip-headers=0.05"])
def test_the_deadline_ends_a_transcription_and_closes_its_socket(
    provider: FakeProvider, connect: Connect, case: str, behaviour: str
) -> None:
    started = time.monotonic()
    with deadline.within(0.3), pytest.raises(TranscriptionFailedError, match=r"within 0\.\d+ s"):
        connect().transcribe(audio(case, behaviour), mime_type="audio/webm", language=None)

    assert time.monotonic() - started < 2
    provider.wait_for(case, outcome="abandoned", timeout=5)


def test_many_threads_are_served_at_once(provider: FakeProvider, connect: Connect, case: str) -> None:
    service = connect()
    large = audio(case, "delay=0.3") + bytes(1_000_000)
    with ThreadPoolExecutor(10) as threads:
        said = [
            threads.submit(service.transcribe, large, mime_type="audio/wav", language="en") for _ in range(10)
        ]
        assert len([transcript.result() for transcript in said]) == 10

    assert [call.request["file"]["size"] for call in provider.calls(case)] == [len(large)] * 10


# The table of providers


def test_no_provider_is_no_service() -> None:
    assert create_speech_to_text(Settings()) is None


def test_openai_is_a_provider() -> None:
    service = create_speech_to_text(Settings(stt_provider="openai"))

    assert service is not None
    assert service.provider == "openai"


def test_a_provider_without_an_adapter_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="STT_PROVIDER must be openai or none"):
        create_speech_to_text(Settings(stt_provider="google"))


@pytest.mark.parametrize(
    ("heard", "tag"),
    [
        ("english", "en"),
        ("Haitian Creole", "ht"),
        ("lao", "lo"),
        ("de", "de"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("klingonese", None),
        ("", None),
    ],
)
def test_the_language_that_was_heard_is_told_as_a_tag(heard: str, tag: str | None) -> None:
    assert language_tag(heard) == tag
