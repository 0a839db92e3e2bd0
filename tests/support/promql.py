"""Search of a PromQL expression for what does not exist. It knows as much of the language as deploy/ uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set

_NAME = re.compile(r"\b(?:ai_|aiplane:)[\w:]+")
_SELECTOR = re.compile(r"\b((?:ai_|aiplane:)[\w:]+)\{([^}]*)\}")
_GROUPING = re.compile(r"\bby \(([^)]*)\)\s*\(")
_FROM_PROMETHEUS = frozenset({"job", "instance"})


def unknown(expression: str, metrics: Mapping[str, Set[str]]) -> list[str]:
    """Return every metric that is not in ``metrics``, and every label that its metric does not have."""
    names = [name for name in _NAME.findall(expression) if name not in metrics]
    labels = [
        f"{label} of {name}"
        for name, label in (*_selected(expression), *_grouped(expression))
        if name in metrics and label not in metrics[name] | _FROM_PROMETHEUS
    ]
    return [*names, *labels]


def _selected(expression: str) -> Iterator[tuple[str, str]]:
    for name, matchers in _SELECTOR.findall(expression):
        yield from ((name, label) for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))


def _grouped(expression: str) -> Iterator[tuple[str, str]]:
    for grouping in _GROUPING.finditer(expression):
        body = _parenthesised(expression[grouping.end() :])
        for label in re.findall(r"\w+", grouping[1]):
            yield from ((name, label) for name in _NAME.findall(body))


def _parenthesised(text: str) -> str:
    """Return ``text`` up to the parenthesis that closes what was opened before it."""
    depth = 1
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return text[:at]
    return text
