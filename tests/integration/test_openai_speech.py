"""The OpenAI adapters for speech against a real server: what they send, and what they make of the answer."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from aiplane.audio import read_recording
from aiplane.errors import TranscriptionFailedError
from aiplane.providers.speech import Transcript
from aiplane.providers.speech.languages import language_tag
from aiplane.providers.speech.openai import (
    OpenAISpeechToText,
    OpenAITextToSpeech,
    create_speech_to_text,
    create_text_to_speech,
)
from aiplane.settings import Settings
from tests.support.audio import KINDS, recording, seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.audio import Recording
    from tests.support.provider import FakeProvider


@pytest.fixture
def case(request: pytest.FixtureRequest) -> str:
    """The name under which the provider counts this test's calls."""
    return "".join(each if each.isalnum() else "-" for each in request.node.name).strip("-")


@pytest.fixture
def ear(provider: FakeProvider) -> Iterator[OpenAISpeechToText]:
    service = create_speech_to_text(Settings(openai_base_url=provider.base_url))
    yield service
    service.close()


@pytest.fixture
def voice(provider: FakeProvider) -> Iterator[OpenAITextToSpeech]:
    service = create_text_to_speech(Settings(openai_base_url=provider.base_url))
    yield service
    service.close()


def said(case: str, kind: str = "webm") -> Recording:
    return read_recording(recording(kind, 0.5, comment=f"[[case: {case}]]"), KINDS[kind].mime_type)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_travels_whole_and_as_what_it_is(
    provider: FakeProvider, ear: OpenAISpeechToText, case: str, kind: str
) -> None:
    told = said(case, kind)

    transcript = ear.transcribe(told, language="pt-BR")

    assert transcript == Transcript("I would use a hash map.", language="pt-BR")
    [call] = provider.calls(case)
    container = KINDS[kind].container
    assert call.request == {
        "model": "whisper-1",
        "language": "pt",
        "response_format": "verbose_json",
        "file": {
            "filename": f"audio.{container}",
            "type": told.container.mime_type,
            "size": len(told.audio),
        },
    }


def test_the_language_that_is_heard_is_told(ear: OpenAISpeechToText, case: str) -> None:
    assert ear.transcribe(said(case), language=None).language == "en"


def test_other_models_are_not_asked_for_what_they_refuse(provider: FakeProvider, case: str) -> None:
    service = create_speech_to_text(
        Settings(openai_base_url=provider.base_url, stt_model="gpt-4o-transcribe")
    )
    transcript = service.transcribe(said(case), language="en-US")
    service.close()

    [call] = provider.calls(case)
    assert (call.request["model"], call.request["response_format"]) == ("gpt-4o-transcribe", "json")
    assert transcript == Transcript("I would use a hash map.", language="en-US")


@pytest.mark.parametrize("refusal", ["param=response_format", "code=verbose_json"])
def test_a_server_without_the_verbose_form_is_asked_for_the_plain_one_from_then_on(
    provider: FakeProvider, ear: OpenAISpeechToText, case: str, refusal: str
) -> None:
    told = f"[[case: {case}]] [[provider: times=1 status=400 {refusal}]]"
    refused = read_recording(recording("webm", 0.5, comment=told), KINDS["webm"].mime_type)

    assert ear.transcribe(refused, language=None).text == "I would use a hash map."
    ear.transcribe(refused, language=None)

    assert [call.request["response_format"] for call in provider.calls(case)] == [
        "verbose_json",
        "json",
        "json",
    ]


def test_a_format_that_no_form_mends_is_told_in_the_setting_of_transcription(
    provider: FakeProvider, ear: OpenAISpeechToText, case: str
) -> None:
    told = f"[[case: {case}]] [[provider: status=400 param=response_format]]"
    with pytest.raises(TranscriptionFailedError, match="check STT_MODEL") as raised:
        ear.transcribe(read_recording(recording("webm", 0.5, comment=told), "audio/webm"), language=None)

    assert "LLM_" not in raised.value.sentence
    assert len(provider.calls(case)) == 2


@pytest.mark.parametrize("language", [["english"], 7, {}, None, "klingonese"])
def test_a_language_that_is_none_costs_no_transcript(
    provider: FakeProvider,
    ear: OpenAISpeechToText,
    case: str,
    monkeypatch: pytest.MonkeyPatch,
    language: object,
) -> None:
    said_so = json.dumps({"text": " Hm \ud83d ", "language": language}).encode()
    monkeypatch.setattr(provider, "_transcription", lambda _: said_so)

    assert ear.transcribe(said(case), language=None) == Transcript("Hm \ufffd", None)


@pytest.mark.parametrize("said_so", [b'{"error": {"code": 401, "message": "k"}}', b'{"statusCode": 401}'])
def test_an_error_in_a_200_is_told_as_what_it_is(
    provider: FakeProvider,
    ear: OpenAISpeechToText,
    case: str,
    monkeypatch: pytest.MonkeyPatch,
    said_so: bytes,
) -> None:
    monkeypatch.setattr(provider, "_transcription", lambda _: said_so)
    with pytest.raises(TranscriptionFailedError, match="200 with error 401: it does not accept the key"):
        ear.transcribe(said(case), language=None)


def test_an_empty_text_is_no_fault(provider: FakeProvider, ear: OpenAISpeechToText, case: str) -> None:
    provider.answer_for(case, " ")

    assert ear.transcribe(said(case), language=None).text == ""


def test_what_was_said_reaches_no_error(
    provider: FakeProvider, ear: OpenAISpeechToText, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "_transcription", lambda _: b'{"said": "words-that-nobody-may-see"}')
    with pytest.raises(TranscriptionFailedError, match="not a transcription") as raised:
        ear.transcribe(said(case), language=None)

    assert "nobody" not in f"{raised.value.__cause__}"
    assert "nobody" not in repr(Transcript("words-that-nobody-may-see", None))


def test_many_threads_are_served_at_once(provider: FakeProvider, ear: OpenAISpeechToText, case: str) -> None:
    comment = f"[[case: {case}]] [[provider: delay=0.3]]"
    long = read_recording(recording("wav", 20.0, comment=comment), "audio/wav")
    with ThreadPoolExecutor(10) as threads:
        heard = [threads.submit(ear.transcribe, long, language="en") for _ in range(10)]
        assert len([transcript.result() for transcript in heard]) == 10

    assert [call.request["file"]["size"] for call in provider.calls(case)] == [len(long.audio)] * 10


@pytest.mark.parametrize("form", ["mp3", "ogg"])
def test_a_voice_says_what_it_is_given(provider: FakeProvider, case: str, form: str) -> None:
    service = create_text_to_speech(
        Settings(
            openai_base_url=provider.base_url,
            tts_voice="nova",
            tts_model="tts-1",
            tts_audio_format=form,  # type: ignore[arg-type]  # a parameter of the test
        )
    )
    audio = service.synthesize(f"Hello. [[case: {case}]]", language="de")
    service.close()

    assert 0.4 < seconds_of(audio) < 0.6
    assert service.container.name == form
    [call] = provider.calls(case)
    assert call.headers["accept"] == "application/octet-stream"
    assert call.request == {
        "input": f"Hello. [[case: {case}]]",
        "model": "tts-1",
        "voice": "nova",
        "response_format": "mp3" if form == "mp3" else "opus",
    }


def test_without_settings_the_provider_s_own_voice_speaks(
    provider: FakeProvider, voice: OpenAITextToSpeech, case: str
) -> None:
    voice.synthesize(f"Hello. [[case: {case}]]", language=None)

    request = provider.calls(case)[0].request
    assert (request["model"], request["voice"]) == ("gpt-4o-mini-tts", "alloy")


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
