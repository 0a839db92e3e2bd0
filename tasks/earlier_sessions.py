"""Earlier sessions, told to a candidate: what is known of them is to be used, not said.

A stored weakness chooses what an interviewer asks and what a review looks for. That a person "often forgets"
what its description says is told in no answer, as a statement or as a question, and earlier sessions are not
mentioned, unless the candidate spoke of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.text.content_words import content_words
from aiplane.text.folding import folded
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aiplane.contracts import HistoricalWeakness

LEAST_RECITED, RECITED = 2, 0.5
"""So many words, and such a share, of a stored description tell it in one sentence with a habit in it."""

_EARLIER = re.compile(
    r"\b(?:earlier|previous|past|prior|last|other|recent) (?:(?:\d+|two|three|four|five|six|few|couple of"
    r"|several) )?(?:sessions?|interviews?)\b"
    r"|\b(?:your|known|past|historical) weakness(?:es)?\b|\b(?:your|my) (?:record|profile|notes|history"
    r"|file) "
    r"(?:says?|shows?|tells?|on you|about you)"
    r"|\byou (?:usually|often|tend to|always) (?:struggle|forget|fail|miss)"
    r"|\bas you (?:always|so often) do\b|\bas (?:so )?often with you\b|\byou never learn\b"
    r"|\bwe(?: have|'ve) told you\b|\bas we(?: have|'ve) (?:said|told you|seen) (?:in|from|so often)\b"
    r"|\b(?:fruheren|letzten|vergangenen|vorigen) (?:(?:\d+|zwei|drei|vier|funf|paar) )?"
    r"(?:sitzung\w*|gesprach\w*|interview\w*)\b|\bdeine schwach\w+|\bwie (?:immer|so oft) bei dir\b"
    r"|\b(?:sesiones|entrevistas) (?:anteriores|pasadas)\b|\btus puntos debiles\b"
    r"|\b(?:ultimas|ultimos) (?:\w+ )?(?:sesiones|entrevistas|sessoes)\b|\bcomo siempre haces\b"
    r"|\b(?:seances|sessions|entretiens) (?:precedent\w+|passe\w+)\b|\btes faiblesses\b"
    r"|\bdernier(?:e?s) (?:\w+ )?(?:seances|sessions|entretiens)\b|\bcomme (?:toujours|souvent) chez toi\b"
    r"|\b(?:sessoes|entrevistas) (?:anteriores|passadas)\b|\b(?:прошл|предыдущ)\w+ (?:сесси|собеседован)\w+"
    r"|(?:之前|以前|上次|前回|过去几次)的?(?:面试|练习|会话|面接|セッション)"
)
_HABIT = re.compile(
    r"\b(?:forget\w*|forgot\w*|often|usually|always|tend\w*|struggl\w*|overlook\w*|neglect\w*|habit\w*"
    r"|weak\w*|"
    r"again and again|known for|as before|vergisst|vergessen|oft|meist\w*|immer wieder|schwach\w*|neigst|"
    r"olvida\w*|sueles|siempre|a menudo|oublie\w*|souvent|toujours|esquec\w*|costuma\w*|sempre|dimentic\w*"
    r"|spesso|"
    r"забыва\w*|часто|обычно)\b|经常|总是|忘记|忘了|よく忘れ|いつも|忘れがち"
)
_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f\n]+[.!?\u3002\uff01\uff1f]?")


def check_mentions(
    texts: Mapping[str, str | None], public: Iterable[str] = (), topic: str = ""
) -> Iterator[Fault]:
    """Check that earlier sessions are not spoken of.

    Args:
        texts: what the model wrote, by the field that it stands in.
        public: what the candidate has said or read.
        topic: the problem and the code: where they are about sessions, so may an answer be.
    """
    heard, about = folded("\n".join(public)), folded(topic)
    if _EARLIER.search(heard):
        return
    for place, text in texts.items():
        found = _EARLIER.search(folded(text or ""))
        if found and found[0].split()[-1].rstrip("s") not in about:
            yield _told(place)


def check_secrecy(
    texts: Mapping[str, str | None], weaknesses: Sequence[HistoricalWeakness], public: Iterable[str]
) -> Iterator[Fault]:
    """Check that a reply tells nothing of what is known of earlier sessions.

    A question that probes a known weakness shares its words; what tells it is that it speaks of a habit.

    Args:
        texts: what the model wrote, by the field that it stands in.
        weaknesses: what is known of the candidate.
        public: what the candidate has said or read.
    """
    if not weaknesses:
        return
    heard = [*public]
    yield from check_mentions(texts, heard)
    common = set(content_words(folded("\n".join(heard))))
    stored = [set(content_words(known.description or "")) - common for known in weaknesses]
    for place, text in texts.items():
        if any(_recites(sentence, stored) for sentence in _SENTENCE.findall(folded(text or ""))):
            yield _told(place)


def _told(place: str) -> Fault:
    return must(
        place,
        "tells what is known of earlier sessions; that is to be used, not told",
        "Speak of this code as if you knew nothing of earlier ones.",
    )


def _recites(sentence: str, stored: Sequence[set[str]]) -> bool:
    if _HABIT.search(sentence) is None:
        return False
    words = set(content_words(_HABIT.sub(" ", sentence)))
    habits = set(content_words(" ".join(_HABIT.findall(sentence))))
    return any(
        len(words & description - habits) >= max(LEAST_RECITED, RECITED * len(description - habits))
        for description in stored
        if description
    )
