"""Techniques that a candidate's own code uses, whether or not their names stand in it.

Whoever wrote a function that calls itself has recursion, and may be told so. Patterns of text, for many
languages at once: they need not be right about every program, for all that hangs on one is whether a hint
may call by its name what stands there.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST_LOOK = 50_000
_MOST_FUNCTIONS = 20

_SHOWS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        name: re.compile(pattern)
        for name, pattern in {
            "hash map": r"\b(?:Linked|Tree)?Hash(?:Map|table)\b|\bunordered_map\b|\b(?:std::)?map<|\bMap[<(]"
            r"|\bBTreeMap\b|\bmap\[\w+\]|\b(?:default)?dict\b|\bCounter\(|\bDictionary<|=\s*\{\s*\}"
            r"|\{\s*[\"'\w]+\s*:\s*[^{}\n]{1,60}\}|\bHash\.new\b|\bmutableMapOf\b",
            "set": r"\b(?:Linked|Tree)?HashSet\b|\bunordered_set\b|\b(?:std::)?set<|\bSet[<(]|\bset\("
            r"|\bBTreeSet\b"
            r"|\bmap\[\w+\](?:bool|struct)|\bmutableSetOf\b",
            "heap": r"\bheapq?\b|\bPriorityQueue\b|\bpriority_queue\b|\bBinaryHeap\b|\bheap\.(?:Push|Pop)\b",
            "stack": r"\b[Ss]tack\b|\.pop\(\s*\)|\.pop_back\(|\bArrayDeque\b",
            "queue": r"\b(?:de)?[Qq]ueue\b|\bdeque\b|\.popleft\(|\.shift\(|\.pop_front\(|\.poll\(",
            "linked list": r"->\s*next\b|\.next\b|\bListNode\b",
            "search tree": r"(?:->|\.)(?:left|right)\b",
            "two pointers": r"\b(?:lo|left|l|i|a|start|slow)\b[^\n]{0,40}<=?\s*(?:hi|right|r|j|b|end|fast)\b"
            r"|\b(?:left|lo|slow)\b[^\n]{0,30},\s*(?:right|hi|fast)\b",
            "sliding window": r"\b(?:i|r|right|end|hi)\s*-\s*(?:l|left|start|lo|begin)\s*\+\s*1",
            "binary search": r"\b(?:mid|middle|m|center|mitte)\w*\s*:?=\s*[^\n;]{0,60}(?:/|>>)|\bbisect"
            r"|\bbinary_?[sS]earch",
            "sort": r"\bsort(?:ed)?(?:_\w+)?!?\(|\.[sS]ort|\bsort\.\w+\(|\bqsort\(|\.sort_unstable"
            r"|\bOrderBy\(|\bsorted(?:By)?\b",
            "bit mask": r"1\s*<<|\^=|\b\w+\s*&\s*1\b",
            "dynamic programming": r"\bdp\b|\bmemo\w*\b|\b(\w+)\[\w+\]\s*=[^\n=]{0,60}\b\1\[\w+\s*-",
            "cache": r"\bmemo\w*\b|@(?:functools\.)?(?:lru_)?cache\b|\bcache\b",
            "greedy": r"\b(\w+)\s*=\s*(?:Math\.)?(?:std::)?(?:max|min)\(\s*\1\b|\bmax\(\w+,\s*\w+\s*\+",
            "named algorithm": r"\b(\w+)\s*=\s*(?:Math\.)?(?:std::)?max\(\s*\w+,\s*\1\s*\+",
            "prefix sums": r"\bprefix\w*\b|\baccumulate\(|\b(\w+)\[\w+\s*\+\s*1\]\s*=\s*\1\[\w+\]\s*\+",
            "graph": r"\b(?:graph|adj\w*|edges?|neighbou?rs?|needs|prereq\w*|children)\b",
        }.items()
    }
)
_DEFINED = re.compile(
    r"\b(?:def|func|fn|function|fun)\s+(?:\([^()\n]{0,40}\)\s*)?(\w{1,60})\s*[(<]"
    r"|\b(?:const|let|var)\s+(\w{1,60})\s*=\s*(?:async\s*)?(?:\([^()\n]{0,80}\)|\w+)\s*=>"
    r"|\b[\w<>\[\]&*:]{2,40}[\s*&]+(\w{1,60})\s*\([^()\n]{0,120}\)\s*(?:const\s*)?\{"
)
_NO_NAMES = frozenset({"if", "for", "while", "switch", "catch", "main", "return"})


def techniques_used(code: str) -> frozenset[str]:
    """Return the techniques that some code uses."""
    text = code[:_LONGEST_LOOK]
    used = {name for name, pattern in _SHOWS.items() if pattern.search(text)}
    if _calls_itself(text):
        used |= {"recursion", "depth first"}
    return frozenset(used)


def _calls_itself(code: str) -> bool:
    return any(_within(code, at, name) for name, at in _definitions(code))


def _definitions(code: str) -> Iterator[tuple[str, int]]:
    """Yield the names of the first functions, and where the body of each begins."""
    for at, match in enumerate(_DEFINED.finditer(code)):
        if at >= _MOST_FUNCTIONS:
            return
        name = next(group for group in match.groups() if group)
        if name not in _NO_NAMES:
            yield name, match.end()


def _within(code: str, at: int, name: str) -> bool:
    """Tell whether the name is called before the next function begins, in lines that are indented."""
    following = _DEFINED.search(code, at)
    body = code[at : following.start() if following else len(code)]
    return any(
        re.search(rf"(?<!\w){re.escape(name)}\s*\(", line)
        for line in body.splitlines()[1:]
        if line[:1].isspace()
    )
