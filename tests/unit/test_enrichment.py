"""Payloads from what is known of a room: they fit the wire contract, however much is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiplane.contracts import PAYLOADS
from control_plane.enrichment import (
    CODE,
    PROBLEM,
    TURN,
    TURNS,
    Known,
    hint_payload,
    interview_payload,
    review_payload,
    transcribe_payload,
)
from control_plane.hooks import CodeFacts, HintFacts, HistoryFacts, RoomFacts, TurnFacts

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROOM = RoomFacts("r1", "ai", "active", "python", "Two sum", "Add two numbers.", response_language="pt-BR")
WEAKNESS = {"category": "edge_cases", "frequency": 2, "trend": "improving", "lastSeenAt": 1_700_000_000_000}


def known(**replaced: Any) -> Known:
    facts: dict[str, Any] = {"code": None, "run": None, "history": HistoryFacts(), **replaced}
    return Known(facts.pop("room", ROOM), "ada", **facts)


def test_what_every_kind_is_told() -> None:
    weak = known(history=HistoryFacts(weaknesses=(WEAKNESS,)), run={"passedTestCases": 1})
    for payload in (
        hint_payload(weak, level="gentle"),
        review_payload(weak, rubric=[]),
        interview_payload(weak, message=None),
    ):
        assert payload["roomId"] == payload["sessionId"] == "r1"
        assert payload["userId"] == payload["participantId"] == "ada"
        assert payload["roomMode"] == "ai"
        assert payload["problemDescription"] == "Add two numbers."
        assert payload["responseLanguage"] == "pt-BR"
        assert payload["latestExecutionSummary"] == {"passedTestCases": 1}
        assert payload["historicalWeaknesses"] == [WEAKNESS]
        assert None not in payload.values()


def test_the_code_that_is_brought_is_newer_than_the_code_that_is_kept() -> None:
    kept = known(code=CodeFacts("kept", "go"))
    assert hint_payload(kept, level="direct", code="brought")["currentCode"] == "brought"
    assert hint_payload(kept, level="direct", code="")["currentCode"] == ""
    assert hint_payload(kept, level="direct")["currentCode"] == "kept"
    assert hint_payload(kept, level="direct")["language"] == "go"
    assert hint_payload(known(), level="direct")["language"] == "python"


def test_an_interviewer_is_told_the_latest_hints_and_how_many_there_were() -> None:
    hints = tuple(HintFacts(f"hint {n}", "gentle", NOW + timedelta(minutes=n)) for n in range(12))
    payload = interview_payload(known(history=HistoryFacts(hints=hints, difficulty="hard")), message="Hi")
    assert payload["hintCount"] == 12
    assert [each["hint"] for each in payload["recentHints"]] == [f"hint {n}" for n in range(2, 12)]
    assert payload["currentDifficulty"] == "hard"


def test_what_was_asked_goes_before_what_is_known() -> None:
    payload = interview_payload(
        known(), message=None, responseLanguage="de", trigger="proactive", voice=False
    )
    assert (payload["responseLanguage"], payload["trigger"], payload["voice"]) == ("de", "proactive", False)
    assert "userMessage" not in payload


def test_what_is_past_a_limit_is_shortened_and_the_latest_is_kept() -> None:
    turns = tuple(TurnFacts("user", f"{n} " + "x" * TURN, NOW) for n in range(TURNS + 7))
    hints = tuple(HintFacts("h" * (TURN + 1), "gentle", NOW) for _ in range(TURNS + 7))
    room = RoomFacts("r", "ai", "active", "c", "t", "p" * (PROBLEM + 1))
    much = known(room=room, code=CodeFacts("c" * (CODE + 1)), history=HistoryFacts(turns=turns, hints=hints))
    hint = hint_payload(much, level="gentle", follows=hints[0])
    reply = interview_payload(much, message="m")
    assert len(reply["conversationHistory"]) == TURNS
    assert reply["conversationHistory"][-1]["content"].startswith(f"{TURNS + 6} ")
    PAYLOADS["hint"].parse(hint)
    PAYLOADS["review"].parse(review_payload(much, rubric=["r" * 500] * 50))
    PAYLOADS["interview"].parse(reply)


texts = st.text(min_size=1, max_size=50).filter(lambda text: text.strip())
moments = st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(
    texts,
    st.lists(st.builds(TurnFacts, st.sampled_from(["user", "assistant"]), st.text(), moments), max_size=5),
    st.lists(st.builds(HintFacts, st.text(), st.sampled_from(["gentle", "direct"]), moments), max_size=5),
)
def test_every_payload_is_of_the_contract(problem: str, turns: list[Any], hints: list[Any]) -> None:
    room = RoomFacts("r", "peer", "finished", "rust", "t", problem)
    some = known(room=room, history=HistoryFacts(tuple(turns), tuple(hints)))
    PAYLOADS["hint"].parse(hint_payload(some, level="moderate", reflection="", follows=None))
    PAYLOADS["review"].parse(review_payload(some, rubric=[], code="x"))
    PAYLOADS["interview"].parse(interview_payload(some, message=None, codeContext={"startLine": 0}))
    PAYLOADS["transcribe"].parse(
        transcribe_payload(room, "ada", audio={"mimeType": "audio/webm", "audioBase64": "AAAA"})
    )


@pytest.mark.parametrize("level", ["gentle", "moderate", "direct"])
def test_a_hint_that_follows_another_says_so(level: str) -> None:
    before = HintFacts("Look at the loop.", "gentle", NOW)
    payload = hint_payload(
        known(history=HistoryFacts(hints=(before,))), level=level, reflection="Which?", follows=before
    )
    assert payload["previousHints"] == [{"hint": "Look at the loop.", "hintLevel": "gentle"}]
    assert payload["previousHint"] == "Look at the loop."
    assert (payload["hintStage"], payload["hintIteration"]) == ("follow_up", 2)
    assert payload["reflectionResponse"] == "Which?"
