"""What no code shows, told all the same: how somebody spoke, listened or felt while writing it.

A line of a rubric about that is not judged (:mod:`tasks.judging`); then neither the summary nor a suggestion
may judge it. A review is given code and tests, and nothing that was said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SENTENCE = re.compile(r"[^.!?;\u3002\uff01\uff1f\n]+[.!?;\u3002\uff01\uff1f]?")
_MADE_UP = re.compile(
    r"\byour (?:communication|attitude|enthusiasm|body language|team ?work)"
    r" (?:skills? |style )?(?:was|is|were|seemed|came|needs|suffered|could|lacks?)\b"
    r"|\byou (?:\w+ )?(?:were|seemed|appeared|stayed|remained|sounded) (?:\w+ )?(?:silent|quiet"
    r"|nervous|arrogant|enthusiastic|motivated|distracted|impatient|friendly|rude"
    r"|uncommunicative)\b"
    r"|\byou (?:\w+ )?(?:spoke|talked|communicated (?:well|poorly|badly|little|clearly with)"
    r"|listened (?:well|carefully|to the)|explained your (?:plan|thinking"
    r"|thoughts|approach|reasoning) (?:aloud|well|clearly|badly|poorly|to))\b"
    r"|\b(?:speak|talk) (?:more|louder|less|up)\b|\bcommunicate (?:more|better) (?:with|to your|while|when)\b"
    r"|\byou (?:ignored|answered|did not answer|didn't answer) (?:the |your )?(?:interviewer\S*|questions?)"
    r"|\bdeine kommunikation (?:war|ist|liess)|\bdu (?:warst|bliebst|hast) (?:\w+ )?(?:still|stumm"
    r"|schweigsam|geschwiegen|kaum gesprochen)|\btu comunicacion (?:fue|es|estuvo)"
    r"|\bta communication (?:etait|est|a ete)"
    r"|\btu (?:es reste|etais) (?:\w+ )?silencieu\w+|\bsua comunicacao (?:foi|e)\b"
    r"|你的沟通(?:能力)?(?:很|较|不)|你(?:几乎)?(?:没有?说话|一直沉默)|コミュニケーションが(?:不足|足り|悪)|黙っていま"
)
_DENIES = re.compile(
    r"\b(?:cannot|can't|whether|how|if|nothing|not judged|neither|nor|kann nicht|ob|wie|si|comment|como)\b"
    r"|无法|できません|分かりません"
)


def check_unseen(texts: Mapping[str, str | None]) -> Iterator[Fault]:
    """Look for what a review says of how somebody spoke or behaved."""
    for place, text in texts.items():
        if any(_makes_up(sentence) for sentence in _SENTENCE.findall(folded(text or ""))):
            yield must(
                place,
                "judges how the person spoke or behaved, and nothing shows that",
                "Speak of the code alone.",
            )


def _makes_up(sentence: str) -> bool:
    found = _MADE_UP.search(sentence)
    return found is not None and _DENIES.search(sentence) is None
