"""What is sent back: the shapes and ranges of results, and their spelling on the wire."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from aiplane.contracts import (
    CODE_WEAKNESSES,
    CONVERSATION_WEAKNESSES,
    PAYLOADS,
    WEAKNESSES,
    Audio,
    Category,
    CodeAnnotation,
    CodeContext,
    Evidence,
    HintResult,
    InterviewResult,
    Result,
    ReviewResult,
    Suggestion,
    TranscribeResult,
    Weakness,
)
from aiplane.queues import KINDS

EVIDENCE = Evidence(start_line=1, end_line=2, quote="for x in xs:", observation="It looks at each pair.")
CATEGORY = Category(name="efficiency", score=6, feedback="Quadratic.", evidence=(EVIDENCE,))
SUGGESTION = Suggestion(
    start_line=1, end_line=1, severity="minor", category="efficiency", message="Use a set.", replacement=""
)
AUDIO = Audio(audio_key="a.mp3", mime_type="audio/mpeg", download_url="https://s3/a.mp3?signed")

HINT = HintResult(
    hint="What have you seen before?",
    hint_level="gentle",
    suggested_approach="hashing",
    related_concepts=("dictionary",),
    reflection_prompt="What would you look up?",
)
REVIEW = ReviewResult(
    overall_score=6,
    categories=(CATEGORY,),
    suggestions=(SUGGESTION,),
    summary="It works, slowly.",
    weakness_signals=("time_complexity",),
)
REPLY = InterviewResult(
    message="Why a list?",
    follow_up_question="And a set?",
    follow_up_type="question",
    difficulty="medium",
    code_annotations=(CodeAnnotation(line=2, comment="Here."),),
    code_context=CodeContext(start_line=2, end_line=2),
    weakness_signals=("communication",),
    audio=AUDIO,
)
SILENCE = InterviewResult(should_respond=False, difficulty="easy")
TRANSCRIPT = TranscribeResult(text="hello", language="en", duration_ms=1200)


def test_a_hint_on_the_wire() -> None:
    assert HINT.to_wire() == {
        "hint": "What have you seen before?",
        "hintLevel": "gentle",
        "suggestedApproach": "hashing",
        "relatedConcepts": ["dictionary"],
        "reflectionPrompt": "What would you look up?",
    }


def test_a_review_on_the_wire() -> None:
    assert REVIEW.to_wire() == {
        "overallScore": 6,
        "categories": [
            {
                "name": "efficiency",
                "score": 6,
                "feedback": "Quadratic.",
                "evidence": [
                    {
                        "startLine": 1,
                        "endLine": 2,
                        "quote": "for x in xs:",
                        "observation": "It looks at each pair.",
                    }
                ],
            }
        ],
        "suggestions": [
            {
                "startLine": 1,
                "endLine": 1,
                "severity": "minor",
                "category": "efficiency",
                "message": "Use a set.",
                "replacement": "",
            }
        ],
        "summary": "It works, slowly.",
        "weaknessSignals": ["time_complexity"],
    }


def test_a_reply_on_the_wire() -> None:
    assert REPLY.to_wire() == {
        "shouldRespond": True,
        "message": "Why a list?",
        "followUpQuestion": "And a set?",
        "followUpType": "question",
        "difficulty": "medium",
        "codeAnnotations": [{"line": 2, "comment": "Here."}],
        "codeContext": {"startLine": 2, "endLine": 2},
        "weaknessSignals": ["communication"],
        "audioUrl": "https://s3/a.mp3?signed",
        "audio": {
            "audioKey": "a.mp3",
            "mimeType": "audio/mpeg",
            "downloadUrl": "https://s3/a.mp3?signed",
        },
    }


def test_a_silence_on_the_wire() -> None:
    assert SILENCE.to_wire() == {"shouldRespond": False, "difficulty": "easy", "weaknessSignals": []}


def test_a_transcript_on_the_wire() -> None:
    assert TRANSCRIPT.to_wire() == {"text": "hello", "language": "en", "durationMs": 1200}


def test_what_does_not_apply_is_left_out() -> None:
    assert HintResult(hint="Go on.", hint_level="direct").to_wire() == {
        "hint": "Go on.",
        "hintLevel": "direct",
        "relatedConcepts": [],
    }
    assert TranscribeResult(text="").to_wire() == {"text": ""}
    reply = InterviewResult(message="Go on.", follow_up_type="hint", difficulty="easy", code_annotations=())
    assert set(reply.to_wire()) == {
        "shouldRespond",
        "message",
        "followUpType",
        "difficulty",
        "weaknessSignals",
    }


@pytest.mark.parametrize("result", [HINT, REVIEW, REPLY, SILENCE, TRANSCRIPT])
def test_a_result_can_be_read_back_as_a_consumer_gets_it(result: Result) -> None:
    sent = json.loads(json.dumps(result.to_wire() | {"jobId": "1"}, allow_nan=False))
    assert type(result).model_validate(sent) == result


@pytest.mark.parametrize("result", [HINT, REVIEW, REPLY, SILENCE, TRANSCRIPT])
def test_no_repr_shows_what_a_result_holds(result: Result) -> None:
    assert f"{result!r}{result!s}" == f"{type(result).__name__}()"


def test_a_model_may_write_what_cannot_be_stored() -> None:
    assert HintResult(hint="a\0\ud800", hint_level="gentle").to_wire()["hint"] == "a\ufffd\ufffd"


def changed(result: Result, path: str, value: object) -> dict[str, Any]:
    """The result's wire form with another value at ``path`` (``categories.0.score``)."""
    sent = json.loads(json.dumps(result.to_wire()))
    *steps, last = path.split(".")
    spot = sent
    for step in steps:
        spot = spot[int(step)] if isinstance(spot, list) else spot[step]
    spot[last] = value
    return sent  # type: ignore[no-any-return]  # JSON has no type


@pytest.mark.parametrize(
    ("result", "path", "value"),
    [
        (HINT, "hint", " "),
        (HINT, "hintLevel", "spoiler"),
        (REVIEW, "overallScore", 11),
        (REVIEW, "overallScore", -1),
        (REVIEW, "overallScore", 6.5),
        (REVIEW, "overallScore", True),
        (REVIEW, "categories.0.score", 11),
        (REVIEW, "categories.0.evidence.0.startLine", 0),
        (REVIEW, "categories.0.evidence.0.startLine", 3),
        (REVIEW, "suggestions.0.endLine", 0),
        (REVIEW, "suggestions.0.severity", "fatal"),
        (REVIEW, "weaknessSignals", ["communication"]),
        (REVIEW, "weaknessSignals", ["laziness"]),
        (REPLY, "message", None),
        (REPLY, "message", ""),
        (REPLY, "followUpType", None),
        (REPLY, "difficulty", "insane"),
        (REPLY, "codeAnnotations.0.line", 0),
        (SILENCE, "message", "Still here?"),
        (SILENCE, "followUpType", "question"),
        (SILENCE, "audio", AUDIO.model_dump()),
        (TRANSCRIPT, "durationMs", -1),
    ],
)
def test_a_result_that_breaks_the_contract_cannot_be_made(result: Result, path: str, value: object) -> None:
    with pytest.raises(ValidationError):
        type(result).model_validate(changed(result, path, value))


def test_a_weakness_is_signalled_once() -> None:
    signals: tuple[Weakness, ...] = ("edge_cases", "communication", "edge_cases")
    result = InterviewResult(message="a", follow_up_type="hint", difficulty="easy", weakness_signals=signals)
    assert result.weakness_signals == ("edge_cases", "communication")


def test_who_may_conclude_which_weakness() -> None:
    assert len(WEAKNESSES) == len(set(WEAKNESSES)) == 8
    assert set(get_args(Weakness)) == CODE_WEAKNESSES | CONVERSATION_WEAKNESSES
    assert frozenset({"edge_cases", "time_complexity"}) == CODE_WEAKNESSES & CONVERSATION_WEAKNESSES
    assert frozenset({"communication"}) == CONVERSATION_WEAKNESSES - CODE_WEAKNESSES


def test_every_kind_has_its_payload() -> None:
    assert set(PAYLOADS) == set(KINDS)
