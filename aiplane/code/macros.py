"""The macros that C and C++ code defines, expanded, so that a grammar sees what a compiler would.

No preprocessor: nothing is included and no condition is computed. Of a conditional the first branch is kept
(after ``#if 0`` the second), directives are blanked, and every line stays where it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_CHARACTERS = 600_000
"""Characters that are read and written in one expansion: three times the longest code that is ever sent."""

DEEPEST = 40
"""Macros within macros, and calls within the arguments of calls."""

_COMMENT = re.compile(
    r"//(?:\\\n|[^\n])*|/\*.*?(?:\*/|\Z)|(\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?)", re.DOTALL
)
_DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(\w*)[ \t]*(.*)", re.DOTALL)
_DEFINITION = re.compile(r"(\w+)(?:\(([^()]*)\))?(.*)", re.DOTALL)
_WORD = re.compile(
    r"[A-Za-z_]\w*|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?|\s+|[^\w\s\"'(),#]+|\w+|.", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_PASTE = re.compile(r"\s*##\s*")
_AS_STRING = re.compile(r"#\s*\w+")


class TooMuchError(Exception):
    """The macros of the code make too much of it."""


@dataclass(frozen=True, slots=True)
class _Macro:
    body: str
    parameters: tuple[str, ...] | None


class Macros:
    """The macros of some code.

    Attributes:
        names: what they are called.
    """

    def __init__(self, code: str) -> None:
        self._macros: dict[str, _Macro] = {}
        self._left = MOST_CHARACTERS
        self._code = self._read(_COMMENT.sub(_without_comment, code))
        self.names = frozenset(self._macros)

    def expanded(self) -> str:
        """Return the code with its macros expanded and its directives blanked, line by line the same.

        Raises:
            TooMuchError: there is no end to it, or none within :data:`MOST_CHARACTERS`.
        """
        return self._expand(self._code, frozenset(), 0)

    def _read(self, code: str) -> str:
        """Note every definition, and return what is left without directives and untaken branches."""
        kept: list[str] = []
        branches: list[bool] = []
        for line in re.findall(r"(?:\\\n|[^\n])*\n?", code):
            directive = _DIRECTIVE.match(line)
            if directive is None:
                kept.append(line if all(branches) else "\n" * line.count("\n"))
                continue
            self._obey(directive[1], directive[2].replace("\\\n", " ").strip(), branches)
            kept.append("\n" * line.count("\n"))
        return "".join(kept)

    def _obey(self, word: str, rest: str, branches: list[bool]) -> None:
        if word in ("if", "ifdef", "ifndef"):
            branches.append(rest != "0")
        elif word.startswith("el") and branches:
            # At most one branch is taken, the first that may be: a taken one makes the next ones untaken.
            branches[-1] = not branches[-1] and rest != "0"
        elif word == "endif" and branches:
            branches.pop()
        elif word == "define" and (definition := _DEFINITION.match(rest)):
            name, parameters, body = definition.groups()
            listed = None if parameters is None else tuple(each.strip() for each in parameters.split(","))
            self._macros[name] = _Macro(body.strip(), listed)

    def _expand(self, text: str, hidden: frozenset[str], depth: int) -> str:
        self._left -= len(text)
        if self._left < 0 or depth > DEEPEST:
            raise TooMuchError
        words = _WORD.findall(text)
        written: list[str] = []
        at = 0
        while at < len(words):
            word = words[at]
            at += 1
            macro = None if word in hidden else self._macros.get(word)
            if macro is None:
                written.append(word)
            elif macro.parameters is None:
                written.append(self._expand(macro.body, hidden | {word}, depth + 1))
            elif (call := _call(words, at)) is None:
                written.append(word)
            else:
                arguments, end = call
                arguments = [self._expand(each, hidden, depth + 1).strip() for each in arguments]
                body = _filled(macro, macro.parameters, arguments)
                written.append(self._expand(body, hidden | {word}, depth + 1))
                lines = "".join(words[at:end]).count("\n") - written[-1].count("\n")
                written.append("\n" * lines)
                at = end
        return "".join(written)


def _without_comment(match: re.Match[str]) -> str:
    return match[1] or " " + "\n" * match[0].count("\n")


def _call(words: list[str], at: int) -> tuple[list[str], int] | None:
    """Read the arguments of a macro, and where its call ends; None where it is not called."""
    while at < len(words) and words[at].isspace():
        at += 1
    if at == len(words) or words[at] != "(":
        return None
    arguments, depth = [""], 0
    for place in range(at, len(words)):
        word = words[place]
        depth += (word == "(") - (word == ")")
        if depth == 0:
            return arguments, place + 1
        if word == "," and depth == 1:
            arguments.append("")
        elif place > at:
            arguments[-1] += word
    return None


def _filled(macro: _Macro, parameters: tuple[str, ...], arguments: list[str]) -> str:
    """Put the arguments into a macro's body."""
    values = dict(zip(parameters, arguments, strict=False))
    if parameters[-1].endswith("..."):
        rest = ", ".join(arguments[len(parameters) - 1 :])
        values[parameters[-1].removesuffix("...").strip() or "__VA_ARGS__"] = rest
    pasted = _AS_STRING.sub('""', _PASTE.sub("\0", macro.body))
    return _NAME.sub(lambda match: values.get(match[0], match[0]), pasted).replace("\0", "")
