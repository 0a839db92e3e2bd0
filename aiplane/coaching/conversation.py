"""A conversation as exchanges: what the interviewer said, what became of it, and what was asked already."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from aiplane.coaching.asked import asks_the_same
from aiplane.text.measures import questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.contracts import InterviewPayload, Turn

_LONGEST_LOOK = 2_000
"""Characters of one turn that are read. A question that is longer is no question."""

_UNKNOWING = re.compile(
    r"\b(?:(?:do not|don.?t|did not|didn.?t|can.?t|cannot) (?:really |even |quite )?"
    r"(?:know|understand|remember|recall|think of)|dunno|no (?:idea|clue)|not (?:really |quite |so )?sure"
    r"|unsure|(?:i.{1,2}m|i am|totally|completely|still) (?:stuck|lost|blank)|give up|my mind is blank)\b"
)
"""Words of somebody who does not know: a whole answer, or the hedge around one."""

_TURNS = re.compile(
    r"[.,;:!?\n]+|\b(?:but|because|since|maybe|perhaps|probably|although|though|except|unless|yet"
    r"|i (?:just )?(?:think|guess|believe|suppose|suspect|assume|know|would|.d)|i.(?:d|ll)|could it be"
    r"|might be|it might|it should|we could|we can|would (?:it|that) be)\b"
)
"""Where a sentence turns from what somebody does not know to what he does."""

_FILLERS = """
a about actually again ah all am an and answer any anything approach at be been begin bit can code come
could didn do does doesn don done dude else er even explain first for from further get give go going got
gotta have help here hey hint hints hm hmm hmmm honest honestly how i idea if in is isn it its just kind
know ll lol man me mean more my need next no nope nothing now of oh ok okay on one or part please point
problem question quite re really right say see so solution solve some something sorry start starting
stuck sure tell than thanks that the then there thing things think this though time to too totally tried
try trying uh um unfortunately us ve wasn way we well what when where which why will with work would
yeah yes yet you your
"""
_SAYS_NOTHING = frozenset(_FILLERS.split())
"""Words that are in an answer and are none: without others, somebody who does not know said nothing more."""

Mood: TypeAlias = Literal["stuck", "wants_the_answer", "rude", "off_topic"]
"""What a candidate's words call for, beyond an answer to what they say."""

_SOLUTION = (
    r"(?:(?:full|whole|complete|entire|final|correct|right|working|actual) )*"
    r"(?:solution|answer|code|function)"
)
_BAD = r"(?:stupid|dumb|useless|idiotic|moronic|worthless|pathetic|crap|shit|bullshit|garbage)"
_MOODS: Mapping[Mood, re.Pattern[str]] = MappingProxyType(
    {
        "rude": re.compile(
            rf"\byou(?:.re| are|r)? (?:\w+ ){{0,2}}(?:{_BAD}|idiot|moron)\b"
            rf"|\b{_BAD} (?:bot|machine|ai|robot|interviewer)\b"
            rf"|\b(?:this|the|your) (?:bot|ai|robot|interviewer|hint|help|advice)s? (?:is|are|was) "
            rf"(?:\w+ ){{0,2}}{_BAD}\b"
            r"|\bshut up\b|\b(?:i )?hate you\b|\bfuck (?:you|off)\b|\bscrew you\b|\bgo to hell\b"
        ),
        "wants_the_answer": re.compile(
            r"(?:^|[.,;!?\n]|\b(?:please|just|(?:can|could|would|will) you|you should|you to|why don.?t you))"
            r"\W*(?:please |just |now |simply )*(?:give|show|tell|write|send|hand)\b"
            rf"(?: it| me| us| out| down| up)*(?: the| a| your)? {_SOLUTION}\b"
            rf"|\bwhat(?:.s| is) the {_SOLUTION}(?:[.?!]|$)"
            rf"|\bi (?:just )?(?:want|need) the {_SOLUTION}(?:[.?!]|$)"
            r"|\b(?:solve|write|do|code|finish) (?:it|this|that|everything) for me\b"
        ),
        "off_topic": re.compile(
            r"\b(?:weather|football|soccer|movie|recipe|joke|poem|lottery|horoscope|president|holiday|song"
            r"|system prompt|your (?:instructions|prompt|rules)|previous instructions)\b"
        ),
    }
)
"""English words that give a mood away, in the order in which they count. The offline coach goes by them; a
model is told none of it, because it reads more than words: who calls himself stupid is not rude."""

_MOST_QUESTIONS = 400
"""So many earlier questions are compared with, the latest ones."""


class Exchange(NamedTuple):
    """A turn of the interviewer, and the candidate's answer: nothing yet, if it is the latest.

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
    """Tell whether somebody had nothing to say to a question. Words for that are looked for in English.

    A hedge is no lack of an answer: who is not sure, and then says what he thinks, has answered.
    """
    text = answer[:_LONGEST_LOOK].lower().replace("\u2019", "'")
    if not text.strip(" ?.!\n"):
        return True
    return bool(_UNKNOWING.search(text)) and not any(map(_says_something, _TURNS.split(text)))


def _says_something(clause: str) -> bool:
    """Tell whether a clause says anything, apart from that somebody does not know, and what."""
    known = _UNKNOWING.split(clause, maxsplit=1)[0]
    return any(word not in _SAYS_NOTHING for word in re.findall(r"[^\W_]{2,}|\d|\b\w\(", known))


def mood_of(message: str | None, topic: str = "") -> Mood | None:
    """Find what a candidate's words call for, by words of English; ``None`` for nothing in particular.

    Args:
        message: the words.
        topic: what the interview is about: a word that stands there leads nowhere else.
    """
    if message is None:
        return None
    text = message[:_LONGEST_LOOK].lower().replace("\u2019", "'")
    for mood, words in _MOODS.items():
        found = words.search(text)
        if found and not (mood == "off_topic" and found[0] in topic.lower()):
            return mood
    return "stuck" if is_no_answer(message) else None


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
    return any(asks_the_same(question, earlier) for earlier in asked)


def same_point(one: str, other: str) -> bool:
    """Tell whether two questions ask for the same."""
    return asks_the_same(one[:_LONGEST_LOOK], other[:_LONGEST_LOOK])
