"""What a reply of the interviewer keeps, whatever the tier.

What must hold:

- No code, marked or not: the candidate writes it. What stands in their own code may be quoted.
- The solution is not told step by step; below the tier of ``hint`` nothing of the idea that the model keeps
  back is.
- What is known of earlier sessions is not told (:mod:`tasks.earlier_sessions`), and the role is kept.

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


def public(payload: InterviewPayload) -> Iterator[str]:
    """Yield what the candidate has said or read."""
    yield payload.user_message or ""
    yield from (turn.content for turn in payload.conversation_history[-RECENT_TURNS:])
