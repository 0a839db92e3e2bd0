"""The names of data structures and algorithms, as answers write them.

In English, and for the commonest of them in other languages. Names are compared in folded form, with whatever
stands between their words: ``hash_map`` and ``hash  map`` are one name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.folding import folded
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tasks.known import Known

_BETWEEN = re.compile(r"[\s_*`'\"\u2010-\u2015-]+|(?<=\w)[./\\](?=\w)")

_TECHNIQUE = re.compile(
    r"""
    \b(?: hash\ ?(?:map|set|table)s? | hashing | hashes | dict(?:ionar(?:y|ies))?s? | associative\ arrays?
      | look\ ?up\ tables? | (?:constant\ time|o\(1\)|fast|instant)\ look\ ?ups? | heaps?
      | priority\ queues? | stacks? | queues? | deques? | tries?(?=\ (?:node|data))
      | trie | prefix\ trees? | linked\ lists?
      | (?:binary|search|segment|fenwick)\ trees? | graphs? | union\ ?find | disjoint\ sets?
      | two\ pointers? | (?:fast|slow)\ (?:and\ (?:slow|fast)\ )?pointers? | sliding\ windows? | prefix\ sums?
      | binary\ search(?:es)?
      | bit\ ?masks? | bit\ manipulation | recursi(?:on|ve|vely) | backtrack(?:ing)?
      | memoi[sz](?:e|es|ed|ing|ation) | caching
      | dynamic\ programming | greedy | greedily | divide\ and\ conquer
      | (?:depth|breadth)\ first(?:\ search)? | flood\ fill
      | (?:merge|quick|heap|bubble|insertion|selection|topological|counting|bucket|radix)\ ?sort(?:ing|ed)?
      | sort(?:ing|ed|s)?(?!\ of) | dijkstra\w* | kadane\w* | floyd\w* | knuth\w* | monotonic\ \w+
      | (?:keep|use|build|make|create|maintain|have|need|with|in|into|using|keeping)\ (?:an?|the|your|one)
        \ (?:\w+\ )?(?:map|set|cache)(?!\ (?:up|to|it))
      | (?:an?|your|the)\ maps?\ (?:from|of)
      | dfs | bfs | dp
      | tabla\ hash | mapa\ hash | diccionarios? | busqueda\ binaria | recursividad | recursion
      | monticulo | memoizacion
      | table\ de\ hachage | dictionnaires? | recherche\ dichotomique | recursi(?:vite|on) | tas\ binaire
      | hash ?tabellen? | worterb(?:uch|ucher) | binare\ suche | rekursi(?:on|v) | sortier(?:en|e|t)
      | tabela\ hash | dicionarios? | busca\ binaria | recurs(?:ao|ividade) | ordena(?:r|cao) | ordenar
      | ordenamiento
      | dizionari(?:o)? | ricerca\ binaria | ricorsione | ordinamento
      | хеш\ таблиц\w* | словар\w* | двоичн\w+\ поиск\w* | рекурси\w* | сортиров\w*
    )\b
    | 哈希 | 散列 | 字典 | 二分 | 递归 | 动态规划 | 双指针 | 滑动窗口 | 排序 | 栈 | 队列
    | ハッシュ | 辞書 | 二分探索 | 再帰 | 動的計画法 | ソート | スタック | キュー
    """,
    re.VERBOSE,
)


_PLAIN_NAMES = frozenset({"map", "set", "cache"})
"""Names that are common words too, and found by the words around them."""


def check_technique(texts: Iterable[str | None], known: Known) -> Iterator[Fault]:
    """Look for a data structure or an algorithm that the candidate was not given and has not named.

    The fault does not repeat the name.
    """
    named = {name for text in texts if text for name in techniques(text)}
    if named and named - techniques(known.words):
        yield must(
            "gentle hint",
            "names a data structure or an algorithm, in its text, its question or its concepts",
            "Name none that neither the problem nor the candidate names: say what to look at, and let the "
            "candidate find what it is called.",
        )


def techniques(text: str) -> set[str]:
    """Return the names in a text, without blanks and endings."""
    return {_stem(name) for name in _TECHNIQUE.findall(_BETWEEN.sub(" ", folded(text)))}


def _stem(name: str) -> str:
    plain = next((word for word in name.split() if word.removesuffix("s") in _PLAIN_NAMES), name)
    return re.sub(r"(?:s|ed|ing)$", "", plain.replace(" ", ""))
