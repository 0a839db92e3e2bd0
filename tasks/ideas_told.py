"""The idea of a technique told in everyday words: what it does, without its name.

"Check each closing one against the latest that is still open" is a stack to whoever hears it. No phrase tells
it: what does is that certain things are said together, in one sentence. So a sentence is read for what it
says (``everyday_words.toml``), and each technique has sets of what comes to it. A question, a task for pencil
and paper and what is said of the candidate's own code tell nothing, and neither does an idea that they have.

What no set names is found by its form: a sentence that says many such things, and says them in general
("each", "whenever", "so far"), tells how the work is done. A nudge says few, or says them of an example.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.text.content_words import content_words
from aiplane.text.folding import folded
from aiplane.text.language import english_share
from tasks.faults import Fault, must
from tasks.steps_told import ENGLISH_ENOUGH, tells_nothing
from tasks.techniques import techniques_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

    from tasks.known import Known

_IDEAS: Mapping[str, tuple[frozenset[str], ...]] = MappingProxyType(
    {
        technique: tuple(frozenset(each.split(" + ")) for each in ideas)
        for technique, ideas in {
            "stack": ("latest + waiting + settle", "latest + waiting + keep", "latest + waiting + drop"),
            "hash map": ("look + seen + partner", "keep + seen + partner"),
            "sliding window": ("grow + drop + side", "drop + side + until", "grow + drop + until"),
            "binary search": ("middle + drop", "half + drop", "middle + half", "middle + settle + side"),
            "two pointers": ("both ends + advance", "both ends + inward", "lesser + inward"),
            "tortoise and hare": ("fast + slow + catch",),
            "heap": ("k of them + keep", "least + drop + new", "free + firstly"),
            "sort": ("in order + arrange",),
            "dynamic programming": ("small first + answer", "one more + answer + from less"),
            "cache": ("keep + answer + reuse", "keep + again + reuse"),
            "prefix sums": ("total + up to + keep", "total + up to + minus", "total + seen + minus"),
            "bit mask": ("cancel + same",),
            "breadth first": ("ring + neighbour + from start",),
            "flood fill": ("joined + mark",),
            "topological sort": ("waits + none + take",),
            "running best": ("negative + restart",),
            "reversal": ("keep + next node + previous + point",),
            "backtracking": ("choice + take back",),
            "vote": ("candidate + counter",),
            "fast power": ("half + square",),
            "recursion": ("itself + of the parts", "one more + of the parts + greater"),
            "union find": ("merge + head of group",),
        }.items()
    }
)
"""What is said together where a technique is told."""

_CODE = re.compile(r"`[^`\n]{0,400}`|\"[^\"\n]{0,80}\"")
_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f\n]{2,600}[.!?\u3002\uff01\uff1f]?")
_LONGEST_LOOK = 8_000
_INDIRECT = re.compile(
    r"^\W*(?:think|consider|ask yourself|imagine|notice|find out|uberleg\w*|denk\w*|frag\w* dich"
    r"|stell\w* dir|piensa|preguntate|imagina|reflechi\w*|demande toi|pense|pergunte se|pensa|chiediti"
    r"|подума\w*"
    r"|представь\w*)\b"
    r"[^,;:]{0,30}?\b(?:which|what|how|why|whether|where|who|when|welche\w*|was|wie|warum|ob|wo|que|cual\w*"
    r"|como"
    r"|donde|quel\w*|comment|pourquoi|ou|o que|qual|quale|come|perche|как\w*|что|почему|где|когда)\b"
    r"|想一想|想想|考えて|か\W*$"
)
"""A question that stands in an order, or is asked without its mark."""


LEAST_SAID = 3
"""So many things, said in general in one sentence, tell a way to the result."""

_SAID = 0.5
"""A sentence of which so many words were said before says nothing new."""

_GENERAL = "in general"
_DESCRIBES = re.compile(
    r"^\W*(?:(?:and|but|so|still|now|then|right|exactly|yes|agreed|good|ok(?:ay)?|genau|oui|sim|here|there"
    r"|for [^,]{1,40},|with [^,]{1,40},|aber|und|mais"
    r"|pero|e|но|и)\W+)*"
    r"(?:you(?!(?:'d|'ll| can| could| should| would| might| need| have to| must| just| then| only need"
    r"| want| are done)\b)"
    r"|du (?!kannst|solltest|musst|konntest|brauchst)|tu (?!peux|pourrais|dois|devrais|n'as)|voce (?!pode"
    r"|deve|precisa|so )"
    r"|ты (?!можешь|должен)|\w{3,}(?:as|es)\b(?! (?:take|go|keep))|they|it |that |this |i )\b"
)
"""The beginning of a sentence that says what is, and orders nothing."""

_EXAMPLE = re.compile(
    r"^\W*(?:(?:now|then|first|next|and|try to|nun|jetzt|zuerst)\W+)*(?:draw|write|trace|look|try|imagine"
    r"|follow|picture|watch"
    r"|take it|check|test|run|read|suppose|zeichne|schreib|nimm it|notiere|dibuja|escribe|apunta|dessine"
    r"|ecris|desenhe"
    r"|escreva|disegna"
    r"|scrivi|нарисуи|запиши|посмотри|отмечаи)\b|\b(?:line|zeile|linea|ligne|linha|riga) \d|\b(?:tests?"
    r"|pruebas?|write down"
    r"|draw\w*|note (?:each value|after|what|which|every value|it)|too (?:long|slow)|steps each|\d+ steps"
    r"|would take|wait until"
    r"|loops?|schleife\w*|bucle"
    r"|boucle)\b|テスト|测试|테스트|行目|第 ?\d+ ?行|手で|纸|紙|ループ|循环"
)
"""What is to be done with an example, and what is said of tests, loops and time."""

_ACTIONS = (
    "keep",
    "drop",
    "take",
    "arrange",
    "advance",
    "compute",
    "grow",
    "mark",
    "reuse",
    "merge",
    "choice",
    "settle",
)
_ORDER = (
    r"(?:^|[,;:\u2013\u2014]|\b(?:and|then|or|to|just|only|simply|you (?:can|could|should|would|need to"
    r"|have to|must|then)"
    r"|always|first|let it|is to|would|und|dann|erst|y|luego|despues|et|puis|ensuite|e|depois|poi|quindi|и"
    r"|затем|потом)\b)\W*"
    r"(?:always |just |simply |then |immer |siempre |toujours |sempre |всегда )?"
)
"""What stands before a verb that orders."""

_ORDERS_UNSPACED = re.compile(
    r"ましょう|ください|ば(?:よい|いい|よく|十分)|と(?:よい|いい)です|だけで|ておき|ておいて|[けせてねべめれえげ]ば、?|ことで"
    r"|先|再|然后|就行|即可|只要|只需|可以|应该|把|세요|면 됩니다|십시오"
)

_APPROVES = re.compile(
    r"\b(?:is|are|was) (?:\w+ )?(?:right|fine|good|sound|correct|sensible|clear|green|exactly)\b|\bright:"
    r"|\bexplain\w*"
    r"|\b(?:richtig|stimm\w*|erklar\w*|correct[oa]s?|explicad\w*|expliqu\w*|juste|cert[oa]s|spiegat\w*"
    r"|верн\w*)\b"
    r"|正し|正确|对的|맞"
)


def check_ideas(place: str, texts: Mapping[str, str | None], known: Known) -> Iterator[Fault]:
    """Look for a technique or a way that is told in everyday words, and that the candidate does not have.

    Args:
        place: "hint", "reply": how the answer is named in the fault.
        texts: what the model wrote, by the field that it stands in.
        known: what the candidate has.
    """
    said = {name for _, says in _statements(known.said) for name in says}
    has = techniques_known(known) | ideas_told(known.said)
    if any(_tells(text, known, has, said) for text in texts.values() if text):
        yield must(
            place,
            "tells in everyday words how the solution works",
            "Say what to look at, or ask; how it is solved the candidate is to find.",
        )


def ideas_told(text: str) -> set[str]:
    """Return the techniques whose idea a sentence of a text tells."""
    return {technique for _, says in _statements(text) for technique in _told_in(says)}


def _tells(text: str, known: Known, has: Set[str], said: Set[str]) -> bool:
    for sentence, says in _statements(text):
        ideas = {*_told_in(says)}
        new = {name: word for name, word in says.items() if name not in said or name == _GENERAL}
        if ideas - has or (not ideas and _is_way(sentence, new) and not _was_said(sentence, known)):
            return True
    return False


def _is_way(sentence: str, says: Mapping[str, str]) -> bool:
    """Tell whether a sentence says so much, and in general, that it tells how the work is done."""
    is_order = not (_DESCRIBES.match(sentence) or _EXAMPLE.search(sentence) or _APPROVES.search(sentence))
    return is_order and _orders(sentence, says) and _GENERAL in says and len({*says.values()}) > LEAST_SAID


def _orders(sentence: str, says: Mapping[str, str]) -> bool:
    """Tell whether a sentence orders one of the things that it says."""
    verbs = "|".join(re.escape(says[name]) for name in _ACTIONS if name in says)
    return bool(verbs) and (
        re.search(rf"{_ORDER}(?:{verbs})\b", sentence) is not None
        or _ORDERS_UNSPACED.search(sentence) is not None
    )


def _was_said(sentence: str, known: Known) -> bool:
    words = set(content_words(sentence))
    return len(words & set(content_words(known.said))) >= _SAID * len(words)


def _statements(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the sentences of a text that tell something, in folded form, and what each says."""
    words = _words(is_english=english_share(text) >= ENGLISH_ENOUGH)
    for each in _SENTENCE.findall(folded(_CODE.sub(" it ", text[-_LONGEST_LOOK:]))):
        sentence = each.strip()
        if not tells_nothing(sentence) and _INDIRECT.search(sentence) is None:
            found = {name: pattern.search(sentence) for name, pattern in words.items()}
            yield sentence, {name: match[0] for name, match in found.items() if match}


def _told_in(says: Mapping[str, str]) -> Iterator[str]:
    for technique, ideas in _IDEAS.items():
        if any(idea <= says.keys() for idea in ideas):
            yield technique


@cache
def _words(*, is_english: bool) -> Mapping[str, re.Pattern[str]]:
    """Return the patterns of what can be said: of English, or of all languages."""
    table = tomllib.loads(resources.files("tasks").joinpath("everyday_words.toml").read_text("utf-8"))
    return MappingProxyType({name: _pattern(words, is_english=is_english) for name, words in table.items()})


def _pattern(words: Mapping[str, list[str]], *, is_english: bool) -> re.Pattern[str]:
    spaced = words["english"] if is_english else [*words["english"], *words["latin"], *words["cyrillic"]]
    return re.compile("|".join([rf"\b(?:{'|'.join(spaced)})\b", *words["unspaced"]]))
