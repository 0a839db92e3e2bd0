"""The interviewer's role: who gives it up, writes the candidate's code or ends the interview.

Whoever asks an interviewer to be somebody else is answered by the interviewer. A reply may decline with the
same words ("I can't finish the code for you"), and may say what comes after the interview.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SENTENCE = re.compile(r"[^.!?;\u3002\uff01\uff1f\n]+[.!?;\u3002\uff01\uff1f]?")
_YOUR_CODE = (
    r"(?:the|your) (?:\w+ )?(?:code|solution|function|tests?|program|implementation|method|class|rest\b"
    r"[^.,;]{0,30}?)"
)
_GIVES_UP = re.compile(
    r"\b(?:the|this|our) interview (?:is|has been) (?:now )?(?:over|cancelled|off|finished|done)\b"
    r"|\b(?:forget|never mind|let's drop|drop) (?:about )?(?:the|this) interview\b"
    r"|\b(?:i'm|i am|i'll be|consider me) (?:now |happily |gladly )?(?:\w+, )?(?:your|a|the) (?:new )?"
    r"(?:pair[ -]?program\w+(?: (?:partner|buddy))?|coding (?:partner|buddy|assistant)|co-?pilot|assistant"
    r"|partner|ghostwriter|tutor)\b"
    r"|\b(?:from now on|as of now),? (?:i'm|i am|i'll be|call me|you can call me)\b"
    r"|\b(?:i'm|i am) no longer (?:your|the|an) interviewer\b"
    r"|\b(?:i'll|i will|i can|let me|i'm going to|i'd be happy to|i)"
    r" (?:now |just |gladly |happily |quickly |also )*(?:finish|complete|write|implement|code)"
    rf" {_YOUR_CODE}(?: (?:for|with) you\b| (?:now|right away|in a (?:second|minute|moment)))"
    r"|\bi(?:'ll| will) have (?:the rest|the code|it|your code|the function|the solution)\b[^.;]{0,30}"
    r"\b(?:ready|done|finished|written)\b"
    rf"|\b(?:shall|should|may|can) i (?:also |now |just )?(?:write|finish|complete|code|implement) "
    rf"{_YOUR_CODE}"
    r"|\b(?:das|dieses) (?:interview|gesprach) ist (?:damit |jetzt |nun )?(?:vorbei|beendet|zu ende)\b"
    r"|\bich bin (?:jetzt |ab jetzt |nun )?dein (?:\w+ )?(?:programmierpartner|assistent|copilot)\b"
    r"|\bich (?:schreibe|mache|programmiere) (?:dir )?(?:jetzt |gern )?(?:den|deinen) code (?:fur dich"
    r" |zu ende|fertig)"
    r"|\b(?:la|esta) entrevista (?:ha terminado|se acabo|termino)\b|\b(?:ahora )?soy tu (?:companero"
    r"|asistente|copiloto)\b|\b(?:l'|cet )entretien est (?:termine|fini)\b"
    r"|\bje suis (?:maintenant )?ton (?:partenaire"
    r"|assistant|copilote|binome)\b"
    r"|\ba entrevista (?:acabou|terminou)\b"
    r"|面试(?:已经|到此)?结束|我(?:现在)?是你的(?:编程)?(?:搭档|助手)|我来(?:帮你|替你)(?:写|完成)(?:代码|剩下)"
    r"|面接は(?:終わり|終了)|(?:あなたの|君の)(?:ペアプロ|パートナー|アシスタント)(?:です|になり)"
)
_DECLINES = re.compile(
    r"\b(?:not|n't|cannot|never|when|once|after|until|before|if|nobody|nor|wenn|sobald|bis|nicht|cuando|hasta"
    r"|no|quand|pas|quando|nao|que)\b|n't\b|不|没|时|ません|ない|たら"
)


def check_role(texts: Mapping[str, str | None]) -> Iterator[Fault]:
    """Check that whoever replies stays the interviewer."""
    for place, text in texts.items():
        if any(_gives_up(sentence) for sentence in _SENTENCE.findall(folded(text or ""))):
            yield must(
                place,
                "gives up the role of the interviewer",
                "Decline in a friendly sentence, and go on with the interview.",
            )


def _gives_up(sentence: str) -> bool:
    found = _GIVES_UP.search(sentence)
    return found is not None and _DECLINES.search(sentence[: found.start()]) is None
