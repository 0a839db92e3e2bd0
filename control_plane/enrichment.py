"""Enrichment: pure functions from the facts of the hooks to the payloads of the wire.

Whatever is past the wire's limits is shortened here, so no job of ours is refused for its length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from control_plane.hooks import CodeFacts, HintFacts, HistoryFacts, RoomFacts


PROBLEM: Final = 120_000
CODE: Final = 200_000
TURN: Final = 20_000
TURNS: Final = 500
"""The wire contract's limits, past which a job is refused. A hint is a turn."""

RECENT_HINTS: Final = 10
"""Latest hints that an interviewer is told of; the number of all of them goes along."""


class Known:
    """The facts that are known when somebody asks for something.

    Args:
        room: the room.
        user_id: who asks.
        code: the latest code.
        run: the latest run of it, as the wire's ``ExecutionSummary``.
        history: what went before.
    """

    def __init__(
        self,
        room: RoomFacts,
        user_id: str,
        *,
        code: CodeFacts | None,
        run: Mapping[str, Any] | None,
        history: HistoryFacts,
    ) -> None:
        self.room = room
        self.user_id = user_id
        self.code = code.code if code else ""
        self.language = (code.language if code else None) or room.language
        self.run = run
        self.history = history


def hint_payload(
    known: Known,
    *,
    level: str,
    code: str | None = None,
    reflection: str | None = None,
    follows: HintFacts | None = None,
) -> dict[str, Any]:
    """Return the data of a hint job.

    Args:
        known: what is known.
        level: how much the hint may say.
        code: the code as the editor has it, where the request brought it.
        reflection: what the person answered to the hint that this one follows.
        follows: that hint.
    """
    hints = known.history.hints
    return _without_none(
        **_common(known),
        currentCode=_code(known, code),
        language=known.language,
        hintLevel=level,
        conversationHistory=_turns(known),
        previousHints=[{"hint": each.hint[:TURN], "hintLevel": each.level} for each in hints[-TURNS:]],
        previousHint=follows.hint[:TURN] if follows else None,
        hintStage="follow_up" if follows else "initial",
        hintIteration=len(hints) + 1,
        reflectionResponse=reflection,
    )


def review_payload(known: Known, *, rubric: Sequence[str], code: str | None = None) -> dict[str, Any]:
    """Return the data of a review job."""
    return _without_none(
        **_common(known), code=_code(known, code), language=known.language, rubric=list(rubric) or None
    )


def interview_payload(
    known: Known, *, message: str | None, code: str | None = None, **asked: Any
) -> dict[str, Any]:
    """Return the data of an interview job.

    Args:
        known: what is known; its conversation ends before this message.
        message: what the person said; None where the interviewer speaks of its own accord.
        code: the code as the editor has it, where the request brought it.
        asked: what the request brought besides, in the wire's spelling.
    """
    hints = known.history.hints
    return _without_none(
        **{**_common(known), **{name: value for name, value in asked.items() if value is not None}},
        currentCode=_code(known, code),
        language=known.language,
        conversationHistory=_turns(known),
        userMessage=message,
        hintCount=len(hints),
        recentHints=[{"hint": each.hint[:TURN], "createdAt": _ms(each.at)} for each in hints[-RECENT_HINTS:]],
        currentDifficulty=known.history.difficulty,
    )


def transcribe_payload(room: RoomFacts, user_id: str, *, audio: Mapping[str, str]) -> dict[str, Any]:
    """Return the data of a transcribe job; ``audio`` has its ``mimeType``, where it is, and the language."""
    return {**_ids(room, user_id), **audio}


def _common(known: Known) -> dict[str, Any]:
    return {
        **_ids(known.room, known.user_id),
        "problemDescription": known.room.problem_description[:PROBLEM],
        "responseLanguage": known.room.response_language,
        "latestExecutionSummary": dict(known.run) if known.run else None,
        "historicalWeaknesses": [dict(each) for each in known.history.weaknesses] or None,
    }


def _ids(room: RoomFacts, user_id: str) -> dict[str, Any]:
    return {
        "roomId": room.id,
        "sessionId": room.id,
        "userId": user_id,
        "participantId": user_id,
        "roomMode": room.mode,
    }


def _code(known: Known, brought: str | None) -> str:
    return (known.code if brought is None else brought)[:CODE]


def _turns(known: Known) -> list[dict[str, Any]]:
    def each() -> Iterator[dict[str, Any]]:
        for turn in known.history.turns[-TURNS:]:
            yield {"role": turn.role, "content": turn.content[:TURN], "createdAt": _ms(turn.at)}

    return list(each())


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _without_none(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
