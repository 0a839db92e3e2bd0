"""Who may signal which weakness, on what evidence."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from aiplane.contracts import CODE_WEAKNESSES, CONVERSATION_WEAKNESSES, WEAKNESSES, InterviewPayload
from tasks.interview import reply
from tests.unit.scripted import ScriptedLLM

TURNS = [
    {"role": "assistant", "content": "What does it cost?"},
    {"role": "user", "content": "I have no idea"},
]


def signals(*named: dict[str, Any], **fields: Any) -> tuple[str, ...]:
    answer = {
        "shouldRespond": True,
        "message": "I see.",
        "followUpType": "question",
        "weaknessSignals": list(named),
    }
    payload = {
        "problemDescription": "Sum.",
        "currentCode": "x = 1\ny = 2\n",
        "conversationHistory": TURNS,
        "userMessage": "Sorry!",
        **fields,
    }
    return reply(InterviewPayload.parse(payload), ScriptedLLM(answer)).weakness_signals


def in_code(weakness: str, quote: str = "y = 2", line: int = 2) -> dict[str, Any]:
    return {"weakness": weakness, "quote": quote, "startLine": line, "endLine": line, "turn": None}


def in_turn(weakness: str, quote: str = "no idea", turn: int = 2) -> dict[str, Any]:
    return {"weakness": weakness, "quote": quote, "startLine": None, "endLine": None, "turn": turn}


@pytest.mark.parametrize("weakness", WEAKNESSES)
def test_each_weakness_shows_where_it_can(weakness: str) -> None:
    assert bool(signals(in_code(weakness))) == (weakness in CODE_WEAKNESSES)
    assert bool(signals(in_turn(weakness))) == (weakness in CONVERSATION_WEAKNESSES)


@pytest.mark.parametrize(
    "signal",
    [
        in_code("off_by_one", "z = 3"),
        in_code("off_by_one", "no idea"),
        in_code("off_by_one", line=None),  # type: ignore[arg-type] - what a model may write
        in_turn("communication", "What does it cost?", 1),
        in_turn("communication", "no idea", 3),
        in_turn("communication", turn=9),
        in_turn("communication", turn=0),
    ],
)
def test_none_is_invented(signal: dict[str, Any]) -> None:
    assert signals(signal) == ()


def test_the_latest_words_are_a_turn_too() -> None:
    assert signals(in_turn("communication", "Sorry!", 3)) == ("communication",)


def test_each_is_named_once() -> None:
    assert signals(in_code("edge_cases"), in_turn("edge_cases"), in_code("off_by_one")) == (
        "edge_cases",
        "off_by_one",
    )


def test_the_log_tells_where_and_not_what(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "tasks.weaknesses"):
        signals(in_code("off_by_one"), in_turn("communication"), in_turn("time_complexity", turn=9))

    assert "weakness off_by_one: lines 2 to 2" in caplog.text
    assert "weakness communication: turn 2" in caplog.text
    assert "1 dropped" in caplog.text
    assert "idea" not in caplog.text
