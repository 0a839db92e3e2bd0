"""What a reply of the interviewer keeps, whatever the tier.

What must hold:

- No code, marked or not: the candidate writes it. What stands in their own code may be quoted.
- The solution is not told step by step; below the tier of ``hint`` nothing of the idea that the model keeps
  back is.
- What is known of earlier sessions is not told: not that a person "often forgets" what a stored description
  says, as a statement or as a question, and no mention of earlier sessions.

What should:

- One question at most, in the message and the follow-up question together, and none that was asked before
  (:mod:`aiplane.coaching.asked`).
- Short: 90 words where the reply is spoken (some 40 seconds), 200 where it is read.

The first and the last follow experts' criteria for follow-ups of AI interviewers: kind, necessary, aware of
the context, open, and silent when none is needed (Scientific Reports 2026, "The AI interviewer").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.coaching.conversation import asked_before, is_repeated
from aiplane.text.content_words import content_words
from aiplane.text.folding import folded
from aiplane.text.measures import count_words, questions
from tasks.faults import Fault, must, should

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.contracts import InterviewPayload

MOST_WORDS_SPOKEN = 90
MOST_WORDS_WRITTEN = 200
TOLERANCE = 0.1
"""Nobody counts to the word: a reply goes back where it misses its length by more than a tenth."""

RECENT_TURNS = 20
LEAST_RECITED, RECITED = 2, 0.5
"""So many words, and such a share, of a stored description tell it in one sentence with a habit in it."""

_EARLIER = re.compile(
    r"\b(?:earlier|previous|past|prior|last|other) (?:sessions?|interviews?)\b"
    r"|\b(?:your|known|past|historical) weakness(?:es)?\b|\b(?:your|my) (?:record|profile|notes|history"
    r"|file) "
    r"(?:says?|shows?|tells?|on you|about you)"
    r"|\byou (?:usually|often|tend to|always) (?:struggle|forget|fail|miss)"
    r"|\b(?:fruheren|letzten|vergangenen) (?:sitzung\w*|gesprach\w*|interview\w*)\b|\bdeine schwach\w+"
    r"|\b(?:sesiones|entrevistas) (?:anteriores|pasadas)\b|\btus puntos debiles\b"
    r"|\b(?:seances|sessions|entretiens) (?:precedent\w+|passe\w+)\b|\btes faiblesses\b"
    r"|\b(?:sessoes|entrevistas) (?:anteriores|passadas)\b|\b(?:прошл|предыдущ)\w+ (?:сесси|собеседован)\w+"
    r"|(?:之前|以前|上次|前回)的?(?:面试|练习|会话|面接|セッション)"
)
_HABIT = re.compile(
    r"\b(?:forget\w*|forgot\w*|often|usually|always|tend\w*|struggl\w*|overlook\w*|neglect\w*|habit\w*"
    r"|weak\w*|"
    r"again and again|known for|as before|vergisst|vergessen|oft|meist\w*|immer wieder|schwach\w*|neigst|"
    r"olvida\w*|sueles|siempre|a menudo|oublie\w*|souvent|toujours|esquec\w*|costuma\w*|sempre|dimentic\w*"
    r"|spesso|"
    r"забыва\w*|часто|обычно)\b|经常|总是|忘记|忘了|よく忘れ|いつも|忘れがち"
)
_CHANGES = re.compile(
    r"^[\s*•-]*(?:(?:just|simply|please|better|here|you (?:should|could|can|need to|have to|must))[ ,:]+)*"
    r"(?:(?:use|set|write|replace|change|swap|return|initiali[sz]e|insert|append|remove|delete|move"
    r"|increment|decrement"
    r"|store|sort|wrap|cast|guard|declare|turn|multiply|subtract|reset|rename|extract)\b"
    r"|(?:take|add|put|make|let|keep|start)\b(?! (?:a (?:look|note|list|small|case|case|step)|notes?|sure"
    r"|your|another"
    r"|care|in mind|an? (?:eye|input|example|array|string|list)|(?:it|this|us|me|the input|the example"
    r"|the case)\b"
    r"|[\[\"\d`]|(?:with|at) (?:an?|the) (?:small|simple|example|input|case)))"
    r"|(?:nimm|setze?|schreibe?|ersetze?|andere|fuge|benutze?|verwende?|gib|losche|tausche|initialisiere)\b"
    r"|(?:usa|cambia|reemplaza|escribe|pon|anade|devuelve|elimina|inicializa|sustituye)\b"
    r"|(?:utilise|change|remplace|ecris|mets|ajoute|renvoie|retourne|supprime|initialise)\b"
    r"|(?:use|troque|substitua|escreva|coloque|adicione|retorne|cambia|sostituisci|scrivi|metti|aggiungi)\b"
    r"|(?:замени|используи|измени|напиши|добавь|верни|поменяи|поставь)(?:те)?\b)"
    r"|^\W*(?:这里)?(?:应该?|改成|改为|换成|使用)|(?:に変え|を使っ|に直し)て"
)
"""A sentence that orders a change of code, at its beginning; to take an example or a look is none."""

_SHOULD_BE = re.compile(
    r"\b(?:this|it|that|the \w+|`[^`]{1,30}`) (?:should|must|needs to|has to|ought to) (?:be|start|begin"
    r"|come|go|use|return"
    r"|stop|end|run|compare|become|take)\b|\b(?:muss|sollte|musste) .{1,40}\b(?:sein|stehen|heissen"
    r"|beginnen|lauten)\b"
    r"|\b(?:deberia|debe|tiene que) (?:ser|empezar|devolver|usar)\b|\b(?:devrait|doit) (?:etre|commencer"
    r"|renvoyer)\b"
)

_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f\n]+[.!?\u3002\uff01\uff1f]?")


def most_words(*, is_spoken: bool) -> int:
    """Tell how many words a reply may have."""
    return MOST_WORDS_SPOKEN if is_spoken else MOST_WORDS_WRITTEN


def check_length(said: Sequence[str], most: int) -> Iterator[Fault]:
    """Check that a reply is short."""
    words = sum(map(count_words, said))
    if words > most * (1 + TOLERANCE):
        yield should("reply", f"has {words} words, and it should have {most} at most", "Say less.")


def check_question(message: str, follow_up: str | None, payload: InterviewPayload) -> Iterator[Fault]:
    """Check that a reply asks one thing at most, and nothing that was asked before."""
    asked = questions(message)
    if follow_up:
        asked += questions(follow_up) or [follow_up]
    if len(asked) > 1:
        yield should(
            "reply",
            f"asks {len(asked)} questions, message and follow-up question together",
            "Keep the one that matters most, in followUpQuestion.",
        )
    earlier = asked_before(payload)
    if any(is_repeated(question, earlier) for question in asked):
        yield should("reply", "asks what was asked before", "Ask something else, or nothing.")


def check_remarks(texts: Mapping[str, str | None]) -> Iterator[Fault]:
    """Check that a remark at a line orders no change to it, where no hint is allowed."""
    for place, text in texts.items():
        if not place.startswith("codeAnnotations"):
            continue
        if any(_orders_change(sentence) for sentence in _SENTENCE.findall(folded(text or ""))):
            yield must(place, "tells how to change the line", "Say what happens there, or ask.")


def _orders_change(sentence: str) -> bool:
    plain = sentence.strip()
    return not plain.endswith(("?", "\uff1f")) and bool(_CHANGES.match(plain) or _SHOULD_BE.search(plain))


def check_secrecy(texts: Mapping[str, str | None], payload: InterviewPayload) -> Iterator[Fault]:
    """Check that a reply does not tell what is known of earlier sessions.

    A question that probes a known weakness shares its words; what tells it is that it speaks of a habit.
    """
    if not payload.historical_weaknesses:
        return
    public = folded("\n".join(_public(payload)))
    common = set(content_words(public))
    stored = [set(content_words(known.description or "")) - common for known in payload.historical_weaknesses]
    for place, text in texts.items():
        said = folded(text or "")
        speaks = _EARLIER.search(said) and not _EARLIER.search(public)
        if speaks or any(_recites(sentence, stored) for sentence in _SENTENCE.findall(said)):
            yield must(
                place,
                "tells what is known of earlier sessions; that is to be probed, not told",
                "Ask about this code as if you knew nothing of earlier ones.",
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


def _public(payload: InterviewPayload) -> Iterator[str]:
    """Yield what the candidate has said or read."""
    yield payload.user_message or ""
    yield from (turn.content for turn in payload.conversation_history[-RECENT_TURNS:])
