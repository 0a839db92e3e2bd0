"""A conversation as exchanges: what the interviewer said, and what became of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from aiplane.contracts import InterviewPayload, Turn

_LONGEST_LOOK = 2_000
"""Characters of one turn that are read. A question that is longer is no question."""

_SAME_POINT = 0.6
"""Two questions are on the same point when they share this much of the words of the shorter one."""

_NO_ANSWER = re.compile(
    r"\b(?:(?:do not|don.?t) (?:know|understand)|no (?:idea|clue)|not sure|i.{1,2}m (?:stuck|lost)|give up)\b"
)
_WORD = re.compile(r"\w{4,}")


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


def same_point(one: str, other: str) -> bool:
    """Tell whether two questions ask for the same, by the words of four letters or more that they share."""
    words = [set(_WORD.findall(text[:_LONGEST_LOOK].lower())) for text in (one, other)]
    fewest = min(len(words[0]), len(words[1]))
    return fewest >= 3 and len(words[0] & words[1]) >= _SAME_POINT * fewest
