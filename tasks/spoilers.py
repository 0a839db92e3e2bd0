"""What a hint of each level may give away: how much code, and whether it may name the technique.

Code is found in what a model wrote whether it is marked as code or not. Techniques are found by their names,
in English and, for the commonest of them, in a few other languages.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.errors import LLMInvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aiplane.contracts import HintLevel

MAX_CODE_LINES: Mapping[HintLevel, int] = MappingProxyType({"gentle": 0, "moderate": 0, "direct": 3})
"""Lines of code that a hint of each level may hold, in all its texts together."""

LONG_LINE = 100
"""A line of code counts once for every so many characters, so that no solution hides in one line."""

_TECHNIQUE = re.compile(
    r"""
    \b(?: hash[ -]?(?:map|set|table)s? | hashing | dict(?:ionar(?:y|ies))?s? | associative\ arrays?
      | heaps? | priority\ queues? | stacks? | queues? | deques? | trie | prefix\ trees? | linked\ lists?
      | (?:binary|search|segment|fenwick)\ trees? | graphs? | union[ -]find | disjoint[ -]sets?
      | two[ -]pointers? | sliding[ -]windows? | prefix[ -]sums? | binary[ -]search(?:es)?
      | bit ?masks? | bit[ -]manipulation | recursi(?:on|ve|vely) | backtrack(?:ing)?
      | memoi[sz](?:e|ing|ation)
      | dynamic\ programming | greedy | divide[ -]and[ -]conquer | (?:depth|breadth)[ -]first(?:\ search)?
      | (?:merge|quick|heap|bubble|insertion|selection|topological|counting|bucket|radix)[ -]?sort(?:ing|ed)?
      | sort(?:ing|ed|s)?(?!\ of) | dijkstra\w* | kadane\w* | floyd\w* | knuth\w* | monotonic\ \w+
      | dfs | bfs | dp
      | tabla\ hash | diccionarios? | b[uú]squeda\ binaria | recursividad | montículo
      | table\ de\ hachage | dictionnaires? | recherche\ dichotomique | récursi(?:vité|on) | tas\ binaire
      | hashtabellen? | wörterb(?:uch|ücher) | binäre\ suche | rekursi(?:on|v) | sortier(?:en|e|t)
      | tabela\ hash | dicion[aá]rios? | busca\ bin[aá]ria | recurs(?:ão|ividade) | ordena(?:r|ção)
      | хеш-таблиц\w* | словар\w* | двоичн\w+\ поиск\w* | рекурси\w* | сортиров\w*
    )\b
    | 哈希 | 散列 | 字典 | 二分 | 递归 | 动态规划 | 双指针 | 滑动窗口 | 排序 | 栈 | 队列
    | ハッシュ | 辞書 | 二分探索 | 再帰 | 動的計画法 | ソート | スタック | キュー
    """,
    re.VERBOSE,
)
"""For texts in folded case: ignoring case, ``re`` tries every name at every word, in three times the time."""

_FENCED = re.compile(r"```[^\n`]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")

_NAMES_ONLY = re.compile(
    r"""
    [\w.$:]+ (?:\(\))?          # a name, a dotted name, a number, a call that passes nothing
    | O\([^)]*\)                # a cost
    | [^\w\s]{1,3}              # an operator, a pair of brackets
    | (["']) [^"']{0,20} \1     # a short literal
    """,
    re.VERBOSE,
)
_BULLET = re.compile(r"^\s*(?:[-*>•]\s+|\d{1,3}[.)]\s+)?")
_LOOKS_LIKE_CODE = re.compile(
    r"""
    ^(?:def|fn|func|function|public|private|static|impl|async)\ .*[({]
    | ^(?:class|struct|enum|interface|trait)\ \w+\s*[({:]
    | ^(?:if|elif|for|while|switch|match)\b .* (?:[<>=!]=|[<>\[(]|\b(?:in|is|not)\ \w+(?=\s*[:{]$)) .* [:{]$
    | ^(?:else|try|finally)\s*[:{]$
    | ^(?:let|const|var|int|auto|float|double|char|bool|String)\ [^=]{1,60}=
    | ^return\b.*[;\[(]
    | ^[\w.\[\]]+(?:,\ ?[\w.\[\]]+)*\s*(?::=|[-+*/%|&^]?=)(?!=)\s*\S
    | ^[\w.]+\([^)]*\)\s*;?$
    | [=(\])+]\s*;$
    | [\w)\]]\s*\{$
    | ^[}\])]+[;,)]*$
    | \w\[[^\]\n]{1,40}\]\s*[-+*/]?=(?!=)
    """,
    re.VERBOSE,
)
_FUNCTION = re.compile(r"\b(?:def|fn|func|function)\b|=>|->|\b(?:int|void|bool|String|auto)\s+\w+\s*\(")
_RETURN = re.compile(r"\breturn\b|=>")


def check_code(level: HintLevel, texts: Iterable[str | None]) -> None:
    """Hold the texts of one hint to what its level allows.

    Raises:
        LLMInvalidResponseError: there is more code than the level allows, or a whole function.
    """
    code = [line for text in texts if text for line in code_lines(text)]
    size = sum(1 + len(line) // LONG_LINE for line in code)
    allowed = MAX_CODE_LINES[level]
    if size > allowed:
        raise LLMInvalidResponseError(
            f"The model's hint holds {size} lines of code, and a {level} hint may hold {allowed}."
        )
    if any(_FUNCTION.search(line) for line in code) and any(_RETURN.search(line) for line in code):
        raise LLMInvalidResponseError("The model's hint holds a whole function.")


def check_technique(level: HintLevel, texts: Iterable[str | None], problem: str) -> None:
    """Refuse a gentle hint that names a data structure or an algorithm that the problem does not name.

    Raises:
        LLMInvalidResponseError: it names one. The sentence does not repeat it.
    """
    if level != "gentle":
        return
    named = {name for text in texts if text for name in _techniques(text)}
    if named and named - _techniques(problem):
        raise LLMInvalidResponseError(
            "The model's gentle hint, its question or its concepts name a data structure or an algorithm; "
            "a gentle hint names none that the problem does not name itself."
        )


def _techniques(text: str) -> set[str]:
    return {_stem(name) for name in _TECHNIQUE.findall(text.casefold())}


def _stem(name: str) -> str:
    return re.sub(r"(?:s|ed|ing)$", "", re.sub(r"[ -]", "", name))


def code_lines(text: str) -> list[str]:
    """Return the statements of code that stand in a text, one by one.

    A bare name in backticks, a cost such as O(n) and a lone operator are words about code, not code.
    """
    marked = [line for block in _FENCED.findall(text) for line in block.splitlines()]
    prose = _FENCED.sub("\n", text)
    marked += [span for span in _INLINE.findall(prose) if not _NAMES_ONLY.fullmatch(span.strip())]
    return [*_statements(marked), *_statements(_code_in_prose(_INLINE.sub("it", prose)))]


def _code_in_prose(prose: str) -> Iterator[str]:
    for line in prose.splitlines():
        stripped = _BULLET.sub("", line).strip()
        if _LOOKS_LIKE_CODE.search(stripped):
            yield stripped


def _statements(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from (statement.strip() for statement in line.split(";") if statement.strip())
