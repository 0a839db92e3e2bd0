"""The lines of a job's own rubric: what each is called, what it weighs, and whether code can show it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBERING = re.compile(r"^\s*(?:\(?\d{1,2}[.):]|[-*\u2022])\s*")
_LABEL_END = re.compile(r"\s*(?:[(\[:\uff1a\uff08]|\s[-\u2013\u2014]\s|\d{1,3}\s?%)")
_WEIGHT = re.compile(
    r"[(\[\uff08]\s*(?:[^\W\d]+:?\s*)?(\d{1,3}(?:[.,]\d{1,2})?)\s?[%\uff05]\s*[)\]\uff09]"
    r"|^\s*(\d{1,3}(?:[.,]\d{1,2})?)\s?[%\uff05]"
    r"|[:\u2013\u2014-]\s*(\d{1,3}(?:[.,]\d{1,2})?)\s?[%\uff05]\s*(?:[:.\u2013\u2014-]|$)"
    r"|\bweight\w*\s*[:=]?\s*(\d{1,3}(?:[.,]\d{1,2})?)\s?[%\uff05]"
)
_OF_A_PERSON = re.compile(
    r"\b(?:communicat(?:ion|ions|ive)|communicat(?:e[sd]?|ing) (?!intent|the intent|purpose|its|what (?:it"
    r"|the code))"
    r"|(?:explain(?:s|ed|ing)?|justif(?:y|ies|ied)|discuss(?:es|ed)?|describ(?:e[sd]?|ing)|articulat\w+"
    r"|verbali[sz]\w+|talk(?:s|ed)? through) "
    r"(?:\w+ ){0,2}?(?:approach|reasoning|thinking|thoughts?|thought process|trade ?-?offs?|choices?"
    r"|decisions?|solution|idea|plan)"
    r"|thought process|think(?:s|ing)? (?:aloud|out loud)|clarifying questions?|ask(?:s|ed"
    r"|ing)? (?:\w+ )?questions"
    r"|collaborat\w+|team ?work|team ?player|cultur\w+ fit|soft skills|attitude|enthusias\w+|motivation"
    r"|confidence|body language"
    r"|eye contact|listen(?:s|ing)|coachab\w+|recepti\w+|(?:respon(?:ds?|se)|reacts?"
    r"|open(?:ness)?) to (?:feedback|hints?|criticism)"
    r"|time management|manag(?:es|ed) (?:the |their )?time|punctual\w*|leadership|professionalism"
    r"|works? under pressure|stays? calm"
    r"|presentation skills|verbal\w*|behaviou?r(?:al)?(?! of)|initiative|ownership|mindset|pace of"
    r"|kommunikation\w*|kommunizier\w*|lautes? denken|denkt laut|teamfahigkeit|zusammenarbeit|auftreten"
    r"|ruckfragen|zeitmanagement"
    r"|comunicacion|comunica\w*|piensa en voz alta|trabajo en equipo|actitud|haces? preguntas|hace preguntas"
    r"|communique\w*|pense a voix haute|travail d'equipe|esprit d'equipe|pose des questions|comunicacao"
    r"|trabalho em equipe|atitude"
    r"|comunicazione|lavoro di squadra|коммуникац\w*|общени\w*|командн\w+ работ\w*)\b"
    r"|沟通|交流|团队|表达能力|态度|コミュニケーション|協調性|チームワーク"
)
"""How somebody spoke, listened or worked: what was said and done beside the code."""

_IN_CODE = re.compile(
    r"\b(?:comments?|docstrings?|doc ?comments?|names?|naming|documentation|code communicates|commit)\b"
)
"""What speaks of a person's words but stands in code all the same."""

_CORRECT = frozenset(
    {
        "correcao",
        "correccion",
        "correct",
        "correction",
        "correctness",
        "correttezza",
        "corretude",
        "exactitud",
        "exactitude",
        "functional correctness",
        "justesse",
        "korrektheit",
        "richtigkeit",
        "корректность",
        "правильность",
        "正确性",
        "正確性",
    }
)
_EDGES = frozenset(
    {
        "cas limites",
        "casi limite",
        "casos borde",
        "casos extremos",
        "casos limite",
        "corner cases",
        "edge case handling",
        "edge cases",
        "grenzfalle",
        "randfalle",
        "краиние случаи",
        "エッジケース",
        "边界情况",
        "边缘情况",
    }
)
_CANNOT_TELL = re.compile(
    r"\b(?:cannot|can't|can not|could not|couldn't|not possible to) (?:be )?(?:\w+ )?(?:judged?|seen?"
    r"|assess(?:ed)?|evaluated?|tell|determined?|rated?|shown?)"
    r"|not (?:visible|observable|assessable|shown) (?:in|from)|no evidence (?:in|of|for) "
    r"|nicht (?:beurteil\w+|erkennbar|ersichtlich)"
    r"|no se puede (?:evaluar|juzgar|saber)|ne peut pas etre (?:juge|evalue)|nao e possivel (?:avaliar"
    r"|julgar)"
)

MOST_WEIGHT = 100.5


def label(line: str) -> str:
    """Return what a line of a rubric is called: what stands before its colon, its bracket or its weight."""
    plain = _NUMBERING.sub("", line.strip())
    end = _LABEL_END.search(plain)
    return plain[: end.start()].strip() if end and end.start() > 1 else plain.strip()


def key(name: str) -> str:
    """Reduce a name to what tells it from others: no numbering, no case, no white space or underscores."""
    return "".join(folded(_NUMBERING.sub("", name)).replace("_", " ").split()).strip(".:;`*\"'")


def is_correctness(name: str) -> bool:
    """Tell whether a category is about right results."""
    return folded(label(name)).replace("_", " ") in _CORRECT


def is_edge_cases(name: str) -> bool:
    """Tell whether a category is about unusual inputs."""
    return folded(label(name)).replace("_", " ") in _EDGES


def code_can_show(line: str) -> bool:
    """Tell whether a line of a rubric is about code; how somebody spoke or worked is not."""
    text = folded(line)
    return _OF_A_PERSON.search(text) is None or _IN_CODE.search(text) is not None


def weights(rubric: Sequence[str]) -> tuple[float, ...]:
    """Return what each line weighs.

    Where lines name a weight ("(40 %)"), the others share what is left of 100 evenly, or weigh as the
    lightest of them where nothing is left. Where none does, or they come to more than 100 together, all weigh
    the same.
    """
    named = [_weight(line) for line in rubric]
    given = [weight for weight in named if weight is not None]
    if not given or not 0 < sum(given) <= MOST_WEIGHT:
        return (1.0,) * len(rubric)
    missing = len(named) - len(given)
    left = (100 - sum(given)) / missing if missing else 0.0
    share = left if left > 0 else min(given)
    return tuple(share if weight is None else weight for weight in named)


def _weight(line: str) -> float | None:
    found = _WEIGHT.search(_NUMBERING.sub("", line))
    if found is None:
        return None
    number = next(group for group in found.groups() if group is not None)
    return float(number.replace(",", "."))


def says_that_it_cannot_tell(feedback: str) -> bool:
    """Tell whether a model says of a line that the code does not show it."""
    return _CANNOT_TELL.search(folded(feedback)) is not None
