"""What a reply of the interviewer must keep, whatever the tier; each rule is checked on the model's answer.

- One question at most, in the message and the follow-up question together, and never one that was asked
  before: the same words, or six in ten of those with four letters or more.
- Short: 90 words where the reply is spoken (some 40 seconds), 200 where it is read.
- No code, marked or not: the candidate writes it.
- What is known of earlier sessions is not told: no five words in a row of a stored description (unless the
  problem or the talk has them too), and no mention of earlier sessions.

The first and the last follow experts' criteria for follow-ups of AI interviewers: kind, necessary, aware of
the context, open, and silent when none is needed (Scientific Reports 2026, "The AI interviewer").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.conversation import asked_before, is_repeated
from aiplane.errors import LLMInvalidResponseError
from aiplane.wording import count_words, questions, shares_run
from tasks.spoilers import code_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiplane.contracts import InterviewPayload

MOST_WORDS_SPOKEN = 90
MOST_WORDS_WRITTEN = 200
RECENT_TURNS = 20
RECITED = 5
"""Words in a row that make a recital; fewer are how people talk."""

_EARLIER = re.compile(
    r"\b(?:earlier|previous|past|prior|last|other) (?:sessions?|interviews?)\b"
    r"|\b(?:your|known|past|historical) weakness(?:es)?\b"
    r"|\byou (?:usually|often|tend to|always) (?:struggle|forget|fail|miss)",
    re.IGNORECASE,
)


def most_words(*, is_spoken: bool) -> int:
    """Tell how many words a reply may have."""
    return MOST_WORDS_SPOKEN if is_spoken else MOST_WORDS_WRITTEN


def check_words(said: Sequence[str], most: int) -> None:
    """Check that a reply is short and holds no code.

    Raises:
        LLMInvalidResponseError: it is too long, or it holds code.
    """
    words = sum(map(count_words, said))
    if words > most:
        raise LLMInvalidResponseError(f"The model's reply has {words} words, and it may have {most}.")
    if any(code_lines(text) for text in said):
        raise LLMInvalidResponseError("The model's reply holds code, and an interviewer writes none.")


def check_question(message: str, follow_up: str | None, payload: InterviewPayload) -> None:
    """Check that a reply asks one thing at most, and nothing that was asked before.

    Raises:
        LLMInvalidResponseError: it asks several things, or asks again.
    """
    asked = questions(message)
    if follow_up:
        asked += questions(follow_up) or [follow_up]
    if len(asked) > 1:
        raise LLMInvalidResponseError(
            "The model's reply asks more than one question, message and follow-up question together."
        )
    earlier = asked_before(payload)
    if any(is_repeated(question, earlier) for question in asked):
        raise LLMInvalidResponseError(
            "The model's reply asks what was asked before; another question, or none."
        )


def check_secrecy(texts: Sequence[str], payload: InterviewPayload) -> None:
    """Check that a reply does not tell what is known of earlier sessions.

    Raises:
        LLMInvalidResponseError: it recites a description, or speaks of earlier sessions.
    """
    text = "\n".join(texts)
    latest = payload.conversation_history[-RECENT_TURNS:]
    said = (payload.user_message or "", *(turn.content for turn in latest), payload.problem_description)
    public = "\n".join(said)
    talks = payload.historical_weaknesses and _EARLIER.search(text) and not _EARLIER.search(public)
    recites = any(
        shares_run(text, weakness.description or "", words=RECITED)
        and not shares_run(public, weakness.description or "", words=RECITED)
        for weakness in payload.historical_weaknesses
    )
    if talks or recites:
        raise LLMInvalidResponseError(
            "The model's reply tells what is known of earlier sessions; that is to be probed, not told."
        )
