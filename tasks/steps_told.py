"""Whole algorithms told in prose: the steps of a program, one after the other, as orders.

A solution can be given away without a line of code and without a name: "go through the numbers once, keep
each with its place, look up what is missing, return both". What gives it away is not one of these steps but
that there are several of different kinds. So the clauses that order a step are counted; questions, what the
candidate's own code does, and tasks for pencil and paper ("write down", "try", "trace") are none.

The words are those of English and, for the commonest verbs, of eight other languages. What is told in other
words is not found here; :mod:`tasks.kept_back` looks for what the model itself said must not be told.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from aiplane.text.folding import folded
from aiplane.text.language import english_share
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Kind = Literal["loop", "keep", "look up", "compute", "return"]

_ENGLISH: Mapping[Kind, str] = MappingProxyType(
    {
        "loop": r"(?:walk|go|loop|iterate|run|move|pass|step|scan)\w* (?:once )?(?:through|over|along|across"
        r"|from)"
        r"|iterat(?:e|ing)|travers(?:e|ing)|scan(?:ning)?|loop(?:ing)?|repeat(?:ing)?|recurs(?:e|ing)"
        r"|visit(?:ing)?|go on with (?:the|each|every)|start(?:ing)? (?:with (?:an?|one|the)|at|from) "
        r"(?:\w+ ){0,4}?(?:ends?|index|left|right|front|back)|(?:in|on) each (?:round|step|pass|turn)",
        "keep": r"(?:keep|keeping) (?:an?|the|track|two|one|only|each|every|all)(?! eye)|(?:stor|sav|record"
        r"|remember|cach|insert|push|"
        r"append|enqueu|creat|build|maintain|initiali[sz]|memori[sz]|memoi[sz])(?:e|ing)?|(?:add|put)(?:ting"
        r"|ing)? (?:it|them|each|every|the|that|this|both|its)"
        r"|us(?:e|ing) (?:an?|two)|mak(?:e|ing) (?:an?|two)|mark(?:ing)? (?:it|them|each|every|the)"
        r"|set(?:ting)? (?:it|the|each|both)|updat(?:e|ing)"
        r"|put(?:ting)? (?:in |back )?(?:it|them|whatever|those|all|what)|turn(?:ing)? (?:it|them|each"
        r"|every|all) "
        r"|(?:us(?:e|ing)|hold(?:ing)?|carry(?:ing)?) (?:an?|the|two) (?:\w+ )?(?:variables?|counters?"
        r"|piles?|lists?)",
        "look up": r"(?:look(?:ing)?|check(?:ing)?|see|test(?:ing)?) (?:\w+ ){0,3}?(?:up|whether|if|for)"
        r"|search(?:ing)? (?:it|them|for|in|the)"
        r"|compar(?:e|ing)|check(?:ing)? (?:each|every|the|it|them) (?:\w+ ){0,4}?against"
        r"|tak(?:e|ing) (?:\w+ ){0,3}?(?:out|off|from)|(?:pop|dequeu|peek)(?:e|p?ing)?|find(?:ing)? (?:the"
        r"|its|each)",
        "compute": r"subtract(?:ing)?|comput(?:e|ing)|calculat(?:e|ing)|multipl(?:y|ying)|divid(?:e|ing)"
        r"|increment(?:ing)?|decrement(?:ing)?"
        r"|sum(?:ming)? (?:up|the|them)|swap(?:ping)?|revers(?:e|ing)|sort(?:ing)?|merg(?:e|ing)|halv(?:e"
        r"|ing)|(?:mov|shift|advanc)(?:e|ing) (?:it|the|one|both|left|right)"
        r"|shrink(?:ing)?|expand(?:ing)?|tak(?:e|ing) the (?:max|min|larger|smaller|sum|difference)"
        r"|count(?:ing)? (?:the|how|each|every|for each|for every)|(?:lower|rais|increas|decreas|doubl)(?:e"
        r"|ing)? "
        r"(?:the|its|their|it|that)|add(?:ing)? (?:one|1|them up|them|both|it) |add(?:ing)? (?:them|both)"
        r"|(?:mov|shift)(?:e|ing)? (?:them|whichever|its|each)",
        "return": r"return(?:ing)?|output(?:ting)?|you are done|report(?:ing)? (?:the|both|that)"
        r"|hand(?:ing)? back|give(?:s)? back|until they (?:meet|cross)|(?:the|your) (?:answer|result) is"
        r"|you know that"
        r"|at the end (?:the|it|there|nothing|all|they)|(?:in this|that) way (?:each|every|you|it)",
    }
)
"""Verbs of each kind, as an order or as what an order consists in."""

_OTHERS: Mapping[Kind, str] = MappingProxyType(
    {
        "loop": r"(?:gehe?|lauf\w*)\b.{0,40}?\b(?:durch|uber|entlang)|iterier\w*|durchlauf\w*|wiederhol\w+"
        r"|recorr\w+|iterar?|itera|para cada|por cada|parcour\w+|pour chac(?:un|une)\b|pour chaque|percorr\w+"
        r"|scorr\w+|per ogni|chaque fois que|cada vez que|ogni volta che|jedes mal,? wenn"
        r"|(?:avanc|avanz)\w+ de \w+ en \w+|repeter|repetez|repite|repetir|ripeti|ripetere|repita"
        r"|jusqu'a ce que|повтори\w*|каждый раз"
        r"|проид\w+|перебер\w+|для каждо\w+",
        "keep": r"speicher\w*|merke? (?:dir|dich)|leg\w* .{0,30}?\ban|trag\w* .{0,40}?\bein"
        r"|fug\w* .{0,40}?\b(?:ein|hinzu)"
        r"|guard\w+|almacen\w+|crea\w*|anad\w+|agreg\w+|gard\w+|stock\w+|ajout\w+|cree\w*|memoris\w+"
        r"|tu (?:poses?|mets|notes?|marques?|ecris|ranges?|empiles?)|pones|anotas|marcas|colocas|legst du"
        r"|markierst du|metti|segni|coloca"
        r"|armazen\w+|adicion\w+|crie\w*|conserv\w+|salv\w+|aggiung\w+"
        r"|сохран\w+|запом\w+|храни\w*|добав\w+|созда\w+",
        "look up": r"pruf\w*|(?:schau|schlag)\w* .{0,40}?\bnach|such\w*|vergleich\w*"
        r"|busc\w+|comprueb\w+|comprob\w+|verific\w+|compar\w+|mira si|cherch\w+|verifi\w+|regard\w+ si"
        r"|tu regardes? (?:quel\w*|seulement|le\w*|la\w*|s')"
        r"|miras (?:si|que|cual\w*|solo)|schaust du|sautes?"
        r"|procur\w+|cerc\w+|controll\w+|confront\w+|провер\w+|наиди\w*|ищи\w*|сравн\w+",
        "compute": r"zieh\w* .{0,40}?\bab|berechn\w*|subtrahier\w*|addier\w*|multiplizier\w*|tausch\w*"
        r"|rest[ae]\w*|calcul\w+|sum[ae]\w*|multipli\w+|intercambi\w+|soustra\w+|additionn\w+|echang\w+"
        r"|subtra\w+|som[ae]\w*|troqu\w+|sottra\w+|scambi\w+|вычт\w+|вычисл\w+|вычита\w+|прибав\w+|умнож\w+",
        "return": r"gib .{0,60}?\bzuruck|zuruckgeben|devuelv\w+|devolv\w+|retorn\w+|renvo\w+|retourn\w+"
        r"|restitu\w+|la reponse est(?! (?:bonne|juste|correcte))|la respuesta es|a resposta e"
        r"|la risposta e|ist die antwort"
        r"|lautet die antwort"
        r"|верни\w*|возвра\w+",
    }
)
"""The same in German, Spanish, French, Portuguese, Italian and Russian."""

_UNSPACED: Mapping[Kind, str] = MappingProxyType(
    {
        "loop": r"遍历|扫描|逐个|依次|重复|走査|ループ|順に|繰り返しま|繰り返す|一つずつ|1つずつ",
        "keep": r"存入|存储|存到|保存|记录|加入|放入|创建|记住|記録|追加|格納|入れ"
        r"|並べ|加え(?:ます|て|る|ましょう)|放进|排好",
        "look up": r"检查|查找|查看|判断|查询|是否在|比较|調べ|確認し|探し|検索|比較|取り出|取出|弹出",
        "compute": r"计算|减去|相减|加上|乘以|交换|計算|引いて|引き|足し|掛け|交換|減らし|増やし"
        r"|减一|减 ?1|加一|加 ?1",
        "return": r"返回|返し|返す",
    }
)
"""And in Chinese and Japanese."""

_LEAD = (
    r"(?:^|\b(?:in|on|at|with|after) (?:each|every|\w+) (?:rounds?|steps?|pass(?:es)?|turns?)\b"
    r"|[,;:\u2013\u2014(]|\b(?:then|and|or|next|finally|first|just|simply|now|also|otherwise|by|is|not"
    r"|before|instead|once|we|let's|(?:is|idea|trick|way) to|to"
    r"|you(?: can| could| should| would|'d|'ll| will| must| need to| have to| want to| just| then)?)\b)\s*"
    r"(?:(?:please|just|simply|then|also|first|only|always|quickly|directly|immediately)\s+)*"
)
_ORDERS: Mapping[Kind, re.Pattern[str]] = MappingProxyType(
    {kind: re.compile(rf"{_LEAD}(?:{verbs})\b") for kind, verbs in _ENGLISH.items()}
)
_ANYWHERE: Mapping[Kind, re.Pattern[str]] = MappingProxyType(
    {kind: re.compile(rf"\b(?:{verbs})\b|{_UNSPACED[kind]}") for kind, verbs in _OTHERS.items()}
)
_TOLD: Mapping[Kind, re.Pattern[str]] = MappingProxyType(
    {kind: re.compile(rf"\b(?:{verbs})\b") for kind, verbs in _ENGLISH.items()}
)
_OF_ONESELF = re.compile(
    r"\b(?:i|we|ich|wir|yo|je|j|on|eu|io|noi|я|мы|recorro|guardo|busco|calculo|devuelvo|percorro|scorro"
    r"|cerco)\b|我|私|僕"
)
_EACH = re.compile(r"\bfor (?:each|every)\b[^,.;]{0,60},\s*(?!you\b|there\b|it is\b|what\b|which\b|how\b)")

_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f\n]{2,600}[.!?\u3002\uff01\uff1f]?")
_ASKS = ("?", "\uff1f", "\u061f")
_THINKING = re.compile(
    r"^\W*(?:(?:think|consider|imagine|ask yourself|suppose|notice|remember what|read|try|trace|draw"
    r"|write down|picture|uberleg\w*|denk\w*|stell\w* dir|versuch\w*|lies|piensa|imagina|prueba|lee"
    r"|reflechi\w*|essa\w+|pense|tente|pensa|prova|подума\w+|представь\w*|попробу\w+)\b"
    r"|想一想|想想|考虑|试着|思考|考えて)"
)
_OWN_CODE = re.compile(
    r"(?<!let )(?<!make )\b(?:your|the) (?:code|function|loop|program|solution|method|version|idea"
    r"|approach)\b"
    r"[^,;]{0,30}\b(?!its\b|this\b|us\b)\w+s\b"
    r"|\b(?:i see (?:that )?you|i notice|you (?:said|told|say|mention\w*|already|explained))\b"
    r"|\b(?:right now|currently|at the moment|at present|for now|as it stands)\b"
)
_BY_HAND = re.compile(
    r"\b(?:by hand|on paper|your code|the example|on a sheet|von hand|auf papier|a mano|en papel|a la main"
    r"|sur papier|no papel|sulla carta)\b"
    r"|\[[-\d ,.\"']{1,60}\]|\"\w{1,20}\""
)
_LONGEST_LOOK = 8_000


_SUGGESTS = re.compile(
    r"\b(?:what if (?:you|we)|(?:should|could|would|can|do|must|is|are|does)n't (?:you|it|the|that|we|there"
    r"|this)"
    r"|why (?:not|don't you)|how about|would it (?:help|not|be)|could you (?:not|simply|just)"
    r"|(?:solltest|konntest|musstest|kannst|brauchst) du (?:da |dann |hier )?nicht|ware es nicht"
    r"|reicht es nicht"
    r"|(?:pourrais|devrais|peux)[- ]tu pas|faudrait[- ]il pas|ne suffi\w*|et si tu|no (?:podrias|deberias"
    r"|bastaria)"
    r"|y si|nao (?:poderias?|deverias?|bastaria)|e se (?:voce|tu)|non (?:potresti|dovresti|basterebbe)"
    r"|не (?:мог|стоит|лучше|достаточно))\b"
    r"|不(?:应该|可以|就)[^?？]{1,40}吗|何不|ませんか"
)
"""How a question begins that tells what to do: "couldn't you simply replace it?"."""

MOST_SUGGESTED = 2
"""Such questions in one hint: a row of them is the way itself."""

ENGLISH_ENOUGH = 0.25
"""The share of common English words that only English has: then the verbs of other languages are none."""


_IDEAS: tuple[frozenset[Kind], ...] = (
    frozenset({"keep", "look up"}),
    frozenset({"loop", "keep", "compute"}),
)
"""Kinds of steps that are a way to the result together, whether or not it is told to return it."""


class Told(NamedTuple):
    """What is told: of which kinds, and how many steps."""

    kinds: frozenset[Kind]
    steps: int


class Allowed(NamedTuple):
    """What may be told at most, or less than one of the two."""

    kinds: int
    steps: int


HINTS_ALLOWED = Allowed(kinds=3, steps=4)
"""From three kinds and four steps on it is the whole way, if it keeps and finds something or returns it."""

REPLIES_ALLOWED = Allowed(kinds=2, steps=2)
"""Where the interviewer is to ask, two steps of which one finds what the other kept are the idea."""

SMALL_STEPS_ALLOWED = Allowed(kinds=4, steps=5)
"""Where the interviewer is to help with steps."""


def check_steps(
    place: str, texts: Iterable[str | None], said: Sequence[str], allowed: Allowed
) -> Iterator[Fault]:
    """Look for the solution, told step by step in prose.

    Args:
        place: the answer's field.
        texts: what the model wrote.
        said: the candidate's own words: what they told themselves is no news to them.
        allowed: where too much begins.
    """
    told = steps_told("\n".join(text for text in texts if text))
    own = steps_told(
        "\n".join(each for each in said if not each.rstrip().endswith(_ASKS)), as_told=True
    ).kinds
    new = told.kinds - own
    comes_to_something = "return" in new or any(new >= idea for idea in _IDEAS)
    if comes_to_something and len(new) >= allowed.kinds and told.steps >= allowed.steps:
        yield must(
            place,
            "tells the solution step by step",
            "Say one thing to look at or to think about, and leave the steps to the candidate.",
        )


def check_suggested(place: str, texts: Iterable[str | None]) -> Iterator[Fault]:
    """Look for a way that is told in a row of questions, of which each says what to do."""
    asked = [each for text in texts for each in _SENTENCE.findall(folded(text or "")) if each.endswith(_ASKS)]
    if sum(_SUGGESTS.search(each) is not None for each in asked) > MOST_SUGGESTED:
        yield must(
            place,
            "tells what to do in a row of questions",
            "Ask one open question, and leave the steps to the candidate.",
        )


def steps_told(text: str, *, as_told: bool = False) -> Told:
    """Count the steps of a program that a text orders.

    Args:
        text: of any language.
        as_told: whether it is a candidate's, and what they say that they do counts.
    """
    english = _TOLD if as_told else _ORDERS
    patterns = (english,) if english_share(text) >= ENGLISH_ENOUGH else (english, _ANYWHERE)
    found: list[Kind] = []
    for sentence in _SENTENCE.findall(folded(text[-_LONGEST_LOOK:])):
        plain = sentence.strip()
        if _OF_ONESELF.search(plain) if as_told else not _orders_nothing(plain):
            found += _steps_in(plain, patterns)
    return Told(frozenset(found), len(found))


def tells_nothing(sentence: str) -> bool:
    """Tell whether a folded sentence asks, tells of the candidate's own code, or is for pencil and paper."""
    return (
        sentence.endswith(_ASKS)
        or _OWN_CODE.search(sentence) is not None
        or _BY_HAND.search(sentence) is not None
    )


def _orders_nothing(sentence: str) -> bool:
    return tells_nothing(sentence) or _THINKING.match(sentence) is not None


def _steps_in(sentence: str, patterns: Sequence[Mapping[Kind, re.Pattern[str]]]) -> Iterator[Kind]:
    if _EACH.search(sentence):
        yield "loop"
    for words in patterns:
        for kind, pattern in words.items():
            yield from (kind for _ in pattern.finditer(sentence))
