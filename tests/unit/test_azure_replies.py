"""Azure's transcriptions, in whatever form they come."""

from __future__ import annotations

import json

import pytest

from aiplane.errors import TranscriptionFailedError
from aiplane.providers.speech.azure import read_transcription

PHRASES = {"combinedPhrases": [{"text": " one "}, {"text": "two"}], "phrases": [{"locale": "en-US"}]}


def test_what_each_channel_says_is_one_text() -> None:
    transcript = read_transcription(json.dumps(PHRASES).encode(), None)
    assert (transcript.text, transcript.language) == ("one two", "en-US")
    assert read_transcription(json.dumps([PHRASES]).encode(), "de-DE").language == "de-DE"


@pytest.mark.parametrize(
    "odd", [7, None, "x", [], {}, {"text": 7}, {"text": None}, {"text": " "}, {"text": ["x"], "locale": 7}]
)
def test_a_phrase_that_is_none_costs_no_transcript(odd: object) -> None:
    reply = {"combinedPhrases": [odd, {"text": "one"}], "phrases": [odd, {"locale": "en-US"}]}
    transcript = read_transcription(json.dumps(reply).encode(), None)
    assert (transcript.text, transcript.language) == ("one", "en-US")


@pytest.mark.parametrize("phrases", [None, 7, "x", {}, [{"locale": "\u001b[31m"}], [{"locale": "x" * 9_000}]])
def test_a_language_that_is_none_costs_no_transcript(phrases: object) -> None:
    reply = {"combinedPhrases": [{"text": "Hm \ud83d"}], "phrases": phrases}
    transcript = read_transcription(json.dumps(reply).encode(), None)
    assert (transcript.text, transcript.language) == ("Hm \ufffd", None)


def test_a_silence_is_no_fault() -> None:
    assert read_transcription(b'{"combinedPhrases": []}', None).text == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"7",
        b"{}",
        b'{"combinedPhrases": 7}',
        b'{"combinedPhrases": null, "said": "nobody may see"}',
        b"[" * 200_000,
        b'{"combinedPhrases": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"a": ' * 200_000,
        b"[" + b"[]," * 200_000 + b"[]]",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_transcription_is_told_as_that(body: bytes) -> None:
    with pytest.raises(TranscriptionFailedError, match="not a transcription") as raised:
        read_transcription(body, None)
    assert "nobody" not in f"{raised.value.__cause__}"
