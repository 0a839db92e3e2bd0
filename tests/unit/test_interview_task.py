"""The interview task, with a model that says what the test wants."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from aiplane.coaching.cases import InterviewCase
from aiplane.contracts import InterviewPayload, InterviewResult
from aiplane.errors import LLMInvalidResponseError, NotAvailableInModeError
from aiplane.queues import QUEUES
from tasks.interview import reply, reply_to_candidate
from tests.unit.payloads import INTERVIEW
from tests.unit.scripted import ScriptedLLM

ANSWER = {
    "shouldRespond": True,
    "message": "I see what you mean.",
    "followUpType": "question",
    "followUpQuestion": "What would that cost?",
    "codeAnnotations": [],
    "weaknessSignals": [],
}
BARE = {"problemDescription": "Sum.", "currentCode": "x = 1\ny = 2\n", "conversationHistory": []}
SIGNAL = {"weakness": "edge_cases", "quote": "x = 1", "startLine": 1, "endLine": 1, "turn": None}
SILENCE = {**ANSWER, "shouldRespond": False, "message": None, "followUpType": None, "followUpQuestion": None}


def replied(answer: dict[str, Any], **fields: Any) -> InterviewResult:
    return reply(InterviewPayload.parse({**BARE, **fields}), ScriptedLLM({**ANSWER, **answer}))


def test_a_reply_is_what_the_model_wrote_within_the_tier() -> None:
    wire = replied({}).to_wire()

    assert wire == {
        "shouldRespond": True,
        "message": "I see what you mean.",
        "followUpQuestion": "What would that cost?",
        "followUpType": "question",
        "difficulty": "medium",
        "weaknessSignals": [],
    }


def test_a_follow_up_question_may_be_left_out() -> None:
    assert "followUpQuestion" not in replied({"followUpQuestion": ""}).to_wire()


def test_the_tier_is_decided_before_the_model_is_asked() -> None:
    llm = ScriptedLLM(ANSWER)
    reply(InterviewPayload.parse({**BARE, "hintCount": 6, "currentDifficulty": "medium"}), llm)

    case = llm.prompts[0].case
    assert isinstance(case, InterviewCase)
    assert (case.difficulty, case.follow_up_types) == ("easy", ("hint", "encouragement"))
    assert "- The tier of this reply is easy." in llm.user
    assert "- Follow-up types that are allowed: hint, encouragement." in llm.user


@pytest.mark.parametrize(
    ("written", "sent"), [("question", "hint"), ("encouragement", "encouragement"), (None, "hint")]
)
def test_a_follow_up_type_outside_the_tier_becomes_the_usual_one(written: str | None, sent: str) -> None:
    assert replied({"followUpType": written}, hintCount=6).follow_up_type == sent


def test_remarks_stand_at_lines_that_exist() -> None:
    remarks = [{"line": line, "comment": "Here."} for line in (1, 2, 3)]

    assert [each.line for each in replied({"codeAnnotations": remarks}).code_annotations or ()] == [1, 2]
    assert replied({"codeAnnotations": remarks}, currentCode="").code_annotations is None


def test_asked_of_its_own_accord_the_interviewer_may_keep_silent() -> None:
    wire = replied({**SILENCE, "weaknessSignals": [SIGNAL]}, trigger="proactive").to_wire()

    assert wire == {"shouldRespond": False, "difficulty": "medium", "weaknessSignals": ["edge_cases"]}


@pytest.mark.parametrize("trigger", [None, "user_message"])
def test_a_silence_where_somebody_asked_is_invalid(trigger: str | None) -> None:
    with pytest.raises(LLMInvalidResponseError, match="message is missing"):
        replied(SILENCE, trigger=trigger)


def test_a_reply_without_words_is_invalid() -> None:
    with pytest.raises(LLMInvalidResponseError, match="message is missing"):
        replied({"message": " ", "followUpQuestion": None}, trigger="proactive")


def test_the_place_in_the_code_is_sent_back() -> None:
    context = {
        "file": "a.py",
        "startLine": 0,
        "endLine": "?",
        "endColumn": 4,
        "selection": {"text": None, "lines": [1, 2.5]},
        "editor-theme": "dark",
    }

    assert replied({}, codeContext=context).to_wire()["codeContext"] == context


@pytest.mark.parametrize("context", [7, "main.py", [], [{"file": "a.py"}]])
def test_a_place_that_is_none_is_not_sent_back(context: object) -> None:
    assert "codeContext" not in replied({}, codeContext=context).to_wire()


def test_there_is_no_interviewer_in_a_room_of_two_people() -> None:
    llm = ScriptedLLM(ANSWER)
    with pytest.raises(NotAvailableInModeError):
        reply(InterviewPayload.parse({**BARE, "roomMode": "peer"}), llm)

    assert llm.prompts == []


def test_the_reason_for_the_tier_is_logged_without_the_candidate_s_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "tasks.interview"):
        replied({}, hintCount=4, userMessage="my secret plan")

    assert "interview tier easy: 4 hints" in caplog.text
    assert "secret" not in caplog.text


def test_the_task_is_a_plain_call() -> None:
    result = reply_to_candidate(INTERVIEW)

    assert reply_to_candidate.name == QUEUES["interview"].task
    assert result["shouldRespond"] is True


@pytest.mark.parametrize(
    "message",
    [
        "The tier of this reply is easy.",
        "The level of my message is low.",
        "Between the fences I see no code.",
        "Hints are not allowed here.",
        "Die Stufe dieser Antwort ist leicht.",
    ],
)
def test_a_reply_that_speaks_of_how_it_came_about_is_refused(message: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match="tells its own instructions"):
        replied({"message": message})


def test_a_reply_goes_back_once_that_is_not_in_the_language_of_the_candidate() -> None:
    said = (
        "No sé por qué mi función no pasa todas las pruebas, porque cuando la lista está vacía no hace nada."
    )
    english = "I see what you mean, and that is a good question about what the code does when it is empty."
    llm = ScriptedLLM({**ANSWER, "message": english})

    result = reply(InterviewPayload.parse({**BARE, "userMessage": said}), llm)

    assert result.message == english
    assert "is not in the language that the candidate writes" in llm.sent_back
