"""Wrong results that a text claims, held against the tests and the problem.

Nobody runs the code here, so most of what a model says of results cannot be known. Some can: where no test
gives a wrong result, the example of the problem gives none either; and where many tests pass and none fails,
neither does an ordinary input, nor the empty one where the problem speaks of it or the code looks for it.
What a sentence says of other code ("would", "if you removed it") is no claim about this one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from tasks.faults import Fault, must, should
from tasks.scoring import ENOUGH_TESTS, all_pass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiplane.contracts import ExecutionSummary

_SENTENCE = re.compile(r"(?:[^.!?;\u3002\uff01\uff1f\n]|(?<=\d)\.(?=\d)){1,600}[.!?;\u3002\uff01\uff1f]?")
_ASKS = ("?", "\uff1f")

_FAILS = re.compile(
    r"\b(?:fails?|failing|crash\w*|breaks?|throws?|raises?|panics?|segfaults?|wrong(?:ly)?|incorrect(?:ly)?"
    r"|index ?error"
    r"|out of (?:range|bounds)|exception|division by zero|instead of|never (?:ends|returns|terminates)"
    r"|endless\w*"
    r"|infinite|should (?:be|give|return)|expected|erwartet\w*|esperad\w*|attendu\w*|ожида\w*|(?:and|is) not"
    r"|falsch\w*|scheitert|absturz\w*|sturzt|bricht|fehler|wirft|statt|anstatt|endlos\w*"
    r"|falla\w*|rompe|lanza|incorrect[oa]\w*|equivocad\w*|en (?:lugar|vez) de|error"
    r"|echoue\w*|plante\w*|leve une|fausse?|faux|au lieu|incorrecte?s?|erreur"
    r"|falha\w*|quebra\w*|lanca|errad[oa]\w*|em vez de|incorret[oa]\w*|erro"
    r"|fallisce|sbagliat\w*|invece di|errore|неверн\w*|неправильн\w*|падает|ломается|ошибк\w*|вместо"
    r"|исключени\w*)\b"
    r"|错误|出错|崩溃|失败|而不是|越界|应该是|间违|間違|失敗|エラー|例外|クラッシュ|ではなく|誤|잘못|오류|실패|예외"
)
_RETURNS = re.compile(
    r"(?:\b(?:returns?|gives?|yields?|outputs?|prints?|produces?|computes?|liefert|gibt|ergibt"
    r"|devuelve|da|retorna"
    r"|renvoie|donne|retourne|devolve|restituisce|возвращает|выдает|дает)|返回|得到|给出|返し|返す|になり)[\s:'`]{0,3}"
    r"(?:a |an |the |only |nur |solo )?[`\"']?(\[[^\]\n]{0,80}\]|-?\d+(?:\.\d+)?|true|false|none|null"
    r"|nil)(?!\w)"
)
_EMPTY = re.compile(
    r"\b(?:empty|nothing in it|no (?:numbers|elements|items|words|values|entries|characters)|leere?[rsnm]?"
    r"|vaci[oa]s?|vides?|vazi[oa]s?|vuot[oa])\b"
    r"|\b(?:пуст)\w+|空|빈 "
)
_BREAKS_OFF = re.compile(
    r"\b(?:crash\w*|throws?|raises?|panics?|segfaults?|index ?error|exception|division by zero"
    r"|out of (?:range|bounds)"
    r"|fails?|breaks?|absturz\w*|sturzt|fehler|wirft|scheitert|falla|lanza|error|rompe|plante|echoue"
    r"|leve une|erreur"
    r"|falha|quebra|erro|lanca|fallisce|errore|падает|ошибк\w*|ломается)\b"
    r"|崩溃|出错|错误|越界|失败|エラー|例外|クラッシュ|失敗|오류|예외|실패"
)
_LOOKS_FOR_EMPTY = re.compile(
    r"\bif\s*\(?\s*(?:not\s+\w+|!\s*\w+(?:\.length|\.size\(\))?"
    r"|\w+(?:\.length|\.size\(\)|\.len\(\))?\s*(?:={2,3}|<=?)\s*(?:0|1|null|None|nil|nullptr|NULL|\"\")"
    r"|len\(\w+\)\s*(?:==|<=?)\s*[01]|\w+\.(?:is_?[eE]mpty|empty)\(\)|\w+\s+is\s+None)"
    r"\)?\s*[:{]?\s*(?:return|throw|raise|panic)"
)
"""A way out at the beginning, for what is empty."""

_OTHERWISE = re.compile(
    r"\b(?:would|could|might|if|unless|until|without|no longer|used to|once|won't|can't|cannot"
    r"|never (?:crashes|fails)"
    r"|(?:not|n't|nor|never|nothing|neither|no) (?:\w+ ){0,2}(?:fail\w*|crash\w*|break\w*|throw\w*|panic\w*"
    r"|wrong|error"
    r"|raise\w*)|not (?:be )?(?:an? )?(?:error|exception)|instead of (?:\w+ ){0,2}(?:crash\w*|fail\w*"
    r"|throw\w*|rais\w*|error|exception|panic\w*)|as (?:it )?(?:should|expected|wanted)"
    r"|rather than"
    r"|wurde\w*|wenn|falls|nicht|kein\w*|ohne|konnte|si|seria|podria|sin|no (?:falla|lanza|hay|se|es|da"
    r"|devuelve)|ne|pas|aucun\w*|sans|serait"
    r"|pourrait|se|sem|nao"
    r"|sarebbe|senza|non|если|бы|не|без)\b|如果|会不会|不会|没有|なら|れば|ません|ない|않|없"
)
_LITERAL = re.compile(r"\[[^\[\]\n]{1,80}\]|\[\[[^\n]{1,120}?\]\]|\"[^\"\n]{2,60}\"")
_ORDINARY = re.compile(r"\[[^\[\],\n]{1,30}(?:,[^\[\],\n]{1,30}){1,20}\]")
_RESULT = re.compile(
    r"(\[[^\[\]\n]{1,80}\]|\"[^\"\n]{2,60}\")(?:, ?[^\n>=]{1,40}?)? ?(?:->|=>|\u2192) ?"
    r"(\[[^\]\n]{0,80}\]|-?\d+(?:\.\d+)?|true|false|none|null|nil)(?!\w)"
)
"""An example of the problem, and what comes of it."""

_EXPLODES = re.compile(
    r"\b(?:(?:cost|time|complexity|run ?time|running time|it|this|that|code|function|solution"
    r"|recursion) (?:\w+ ){0,2}?"
    r"(?:is|grows|takes|runs in|has|needs) (?:\w+ ){0,2}?(?:exponential\w*|factorial|2\^n|o\(2\^n\))"
    r"|(?:laufzeit|aufwand|code|funktion) (?:\w+ ){0,2}?ist (?:\w+ )?exponentiell|(?:coste?|complejidad"
    r"|cout|custo"
    r"|complexite|complexidade) (?:\w+ ){0,2}?(?:es|est|e) (?:\w+ )?expon\w+)"
    r"|(?:复杂度|时间)是?指数|指数(?:時間|的)(?:な|に|です)"
)
_WORST = re.compile(r"\b(?:worst|schlimmsten|schlechtesten|peor|pire|pior)\b|最坏|最悪")
_BOUND = re.compile(r"\b10\^?[2-9]\b|\b\d{3,}\b")
"""A bound of the problem that no exponential time meets, whatever the input."""

_BLANKS = re.compile(r"\s+")


def check_claims(
    texts: Mapping[str, str | None], problem: str, code: str, run: ExecutionSummary | None
) -> Iterator[Fault]:
    """Look for a claim of a wrong result that what is known contradicts.

    Args:
        texts: what the model wrote, by the field that it stands in.
        problem: its description.
        code: the candidate's.
        run: of the tests.
    """
    if not _gives_no_wrong_result(run):
        return
    examples = {_squeezed(found): "" for found in _LITERAL.findall(folded(problem))}
    examples |= {_squeezed(given): _squeezed(result) for given, result in _RESULT.findall(folded(problem))}
    handles_empty = _EMPTY.search(folded(problem)) or _LOOKS_FOR_EMPTY.search(code)
    large = _BOUND.search(problem) is not None
    for place, text in texts.items():
        claims = [each for each in _SENTENCE.findall(folded(text or "")) if _is_claim(each)]
        if all_pass(run) and large and any(_explodes(each) for each in claims):
            yield should(
                place,
                "calls a cost exponential although all of many tests pass and the inputs are large",
                "Count again, or say which input takes so long.",
            )
        if any(_contradicts(each, examples) for each in claims):
            yield must(
                place, "says that the problem's example comes out wrong, and no test does", "Leave it out."
            )
        elif all_pass(run) and any(_is_unlikely(each, handles_empty=bool(handles_empty)) for each in claims):
            yield should(
                place,
                "claims a wrong result although all of many tests pass",
                "Leave it out, unless you can say at which line it goes wrong, and how.",
            )


def _gives_no_wrong_result(run: ExecutionSummary | None) -> bool:
    """Tell whether tests enough were run, and those that do not pass ran out of time."""
    if run is None or run.passed is None or run.total is None:
        return all_pass(run)
    late = run.timed_out_test_cases or 0
    return run.total >= ENOUGH_TESTS and run.total - run.passed <= late


def _is_claim(sentence: str) -> bool:
    return not sentence.rstrip().endswith(_ASKS) and _OTHERWISE.search(_says_what_it_should(sentence)) is None


def _says_what_it_should(sentence: str) -> str:
    """Take out what denies a result, not the failure: "gives 3 and not 2"."""
    return re.sub(
        r"\b(?:and|und|y|et|e|и) (?:not|nicht|no|non|pas|nao|не) (?=[-\[\"`\d])", " instead of ", sentence
    )


def _contradicts(sentence: str, examples: Mapping[str, str]) -> bool:
    """Tell whether a sentence says that an example of the problem has another result than it has.

    Args:
        sentence: folded.
        examples: the problem's, each with its result where that is known.
    """
    named = [found for found in map(_squeezed, _LITERAL.findall(sentence)) if found in examples]
    if not named:
        return False
    result = _RETURNS.search(sentence)
    expected = examples[named[-1]]
    differs = result is not None and _is_another(_squeezed(result[1]), expected)
    return differs or _FAILS.search(_says_what_it_should(sentence)) is not None


def _is_another(result: str, expected: str) -> bool:
    """Tell whether a result is of the kind that is expected, and not that: a part of the work has its own."""
    return expected != "" and (result[:1] == "[") == (expected[:1] == "[") and result != expected


def _is_unlikely(sentence: str, *, handles_empty: bool) -> bool:
    if _BREAKS_OFF.search(sentence) and _EMPTY.search(sentence):
        return handles_empty
    fails = _FAILS.search(_says_what_it_should(sentence)) is not None
    return fails and _ORDINARY.search(sentence) is not None


def _explodes(sentence: str) -> bool:
    return _EXPLODES.search(sentence) is not None and _WORST.search(sentence) is None


def _squeezed(text: str) -> str:
    return _BLANKS.sub("", text).strip("\"'`")
