"""A conversation as exchanges: what the interviewer said, what became of it, and what was asked already."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from aiplane.wording import questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.contracts import InterviewPayload, Turn

_LONGEST_LOOK = 2_000
"""Characters of one turn that are read. A question that is longer is no question."""

_SAME_POINT = 0.6
"""Two questions are on the same point when they share this much of the words of the shorter one."""

_NO_ANSWER = re.compile(
    r"\b(?:(?:do not|don.?t) (?:know|understand)|no (?:idea|clue)|not sure|i.{1,2}m (?:stuck|lost)|give up)\b"
)
_WORD = re.compile(r"\w{4,}")

Mood: TypeAlias = Literal["stuck", "wants_the_answer", "rude", "off_topic"]
"""What a candidate's words call for, beyond an answer to what they say."""

_MOODS: Mapping[Mood, re.Pattern[str]] = MappingProxyType(
    {
        "rude": re.compile(
            r"\b(?:stupid|idiot\w*|moron|dumb|shut up|useless|hate you|fuck\w*|bullshit|screw you|crap)\b"
        ),
        "wants_the_answer": re.compile(
            r"\b(?:(?:give|show|tell|write|send)\b.{0,20}\b(?:solution|answer|code|function)\b"
            r"|what(?:.s| is) the (?:answer|solution)|solve (?:it|this) for me|do it for me"
            r"|write (?:it|this) for me)"
        ),
        "off_topic": re.compile(
            r"\b(?:weather|football|soccer|movie|recipe|joke|poem|lottery|horoscope|president|holiday|song"
            r"|system prompt|your (?:instructions|prompt|rules)|previous instructions)\b"
        ),
    }
)
"""English words that give a mood away, in the order in which they count. A model notices others itself."""

_MOST_QUESTIONS = 400
"""So many earlier questions are compared with, the latest ones."""


class Exchange(NamedTuple):
    """What the interviewer said, and what the candidate said to that: nothing yet, if it is the latest.

    Attributes:
        seconds: how long the answer took, where the turns say when they were.
    """

    said: str
    answer: str | None = None
    seconds: float | None = None


def read_exchanges(payload: InterviewPayload) -> list[Exchange]:
    """Pair each thing that the interviewer said with the answer to it, oldest first.

    Of several things said in a row only the last one is answered, and only the very last may be unanswered.
    """
    exchanges: list[Exchange] = []
    asked: Turn | None = None
    for turn in payload.conversation_history:
        if turn.role == "assistant":
            asked = turn
        elif turn.role == "user" and asked is not None:
            exchanges.append(Exchange(asked.content, turn.content, _seconds_between(asked, turn)))
            asked = None
    if asked is not None:
        exchanges.append(Exchange(asked.content, payload.user_message))
    return exchanges


def _seconds_between(asked: Turn, answered: Turn) -> float | None:
    if asked.at is None or answered.at is None or answered.at < asked.at:
        return None
    return (answered.at - asked.at) / 1000


def is_no_answer(answer: str) -> bool:
    """Tell whether somebody had nothing to say to a question. Words for that are looked for in English."""
    return not answer.strip(" ?.!\n") or bool(_NO_ANSWER.search(answer[:_LONGEST_LOOK].lower()))


def mood_of(message: str | None) -> Mood | None:
    """Find what a candidate's words call for, by words of English; ``None`` for nothing in particular."""
    if message is None:
        return None
    text = message[:_LONGEST_LOOK].lower()
    found = next((mood for mood, words in _MOODS.items() if words.search(text)), None)
    return found or ("stuck" if is_no_answer(message) else None)


def asked_before(payload: InterviewPayload) -> list[str]:
    """Return every question that the interviewer has asked, latest first."""
    asked = [
        question
        for turn in reversed(payload.conversation_history)
        if turn.role == "assistant"
        for question in questions(turn.content[:_LONGEST_LOOK])
    ]
    return asked[:_MOST_QUESTIONS]


def is_repeated(question: str, asked: list[str]) -> bool:
    """Tell whether a question asks for what one of the earlier ones asked for."""
    key = _key(question)
    return any(key == _key(earlier) or same_point(question, earlier) for earlier in asked)


def _key(question: str) -> str:
    return re.sub(r"[\W_]+", " ", question.casefold()).strip()


def same_point(one: str, other: str) -> bool:
    """Tell whether two questions ask for the same, by the words of four letters or more that they share."""
    words = [set(_WORD.findall(text[:_LONGEST_LOOK].lower())) for text in (one, other)]
    fewest = min(len(words[0]), len(words[1]))
    return fewest >= 3 and len(words[0] & words[1]) >= _SAME_POINT * fewest
