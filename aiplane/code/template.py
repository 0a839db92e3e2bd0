"""Lines that an empty template has too: headers, imports, braces, annotations, a placeholder to return.

A header is one only up to its end. What stands behind it on the same line is looked at in its turn, so that
``def f(a): return a + 1`` is a solution and ``def f(a): pass`` is none.
"""

from __future__ import annotations

import re

_BRACKETS = r"\((?>[^()]+|\((?>[^()]+|\((?>[^()]+|\([^()]*\))*\))*\))*\)"
"""Brackets with brackets in them, four deep."""

_OPEN = r"\((?>[^()]+|\((?>[^()]+|\([^()]*\))*\))*$"
"""Brackets that the next lines close."""

_SIGNATURE = rf"(?>[^(){{}}\[\]:;=]+|::|\[[^\[\]]*\]|{_BRACKETS})*(?:{_OPEN})?"
_TYPE = r"[\w\s<>\[\]().,*&:|?'+-]"
_MODIFIERS = (
    r"(?:(?:async|export|pub(?:\([^()]*\))?|public|private|protected|static|final|abstract|sealed|default"
    r"|unsafe|const|override|open|inline|virtual)\s+)*"
)
_NO_HEADER = (
    r"(?:return|else|elif|throw|raise|new|await|yield|delete|del|case|for|foreach|while|until|unless|if|switch"
    r"|match|when|with|catch|except|do|try|assert|print|echo|go|defer|not|in|and|or|lambda|co_\w+)\b"
)
_ARGUMENTS = r"<(?>[^<>;(){}]+|<(?>[^<>;(){}]+|<[^<>;(){}]*>)*>)*>"
"""Types in angle brackets, three deep."""

_EMPTY = rf"""(?:
    new\s+[\w.]+\s*(?:{_ARGUMENTS})?\s*(?:\(\s*0?\s*\)|(?:\[\s*0?\s*\])+(?:\s*\{{\s*\}})?)
  | (?:[\w:]+\s*{_ARGUMENTS}|(?:std::)?string|set|dict|list|tuple|str)\s*(?:\(\s*\)|\{{\s*\}})
  | (?:\[\]|map\[\w+\])[\w.*\[\]]+\{{\s*\}} | make\([\w.*\[\]]+(?:,\s*0)?\)
  | (?:[A-Z]\w*|{_ARGUMENTS})(?:::{_ARGUMENTS})?::(?:new|default)\(\) | vec!\[\]
)"""
"""A value of some type that holds nothing, by its constructor."""

_VALUE = (
    r"(?:None|null|NULL|nullptr|nil|undefined|0(?:\.0*)?[fFlL]?(?!\w)|-1|false|true|False|True|\"\"|\[\]"
    r"|\{\s*\}|\(\s*\)|" + _EMPTY + ")"
)
_NOTHING = rf"{_VALUE}(?:\s*,\s*{_VALUE})*"
_SAID = r"(?:\(\s*(?:\"_?\")?\s*\)|\{\s*(?:\"_?\")?\s*\})"
"""Brackets around nothing, or around a text."""

_PIECE = re.compile(
    rf"""
      (?:import|from|using|use|package)\s+ [^;]* (?:;|$)
    | (?:const|let|var)\s+[\w{{}},\s]+=\s*require\("_?"\)
    | (?:typedef|extern)\s[^;{{]*;
    | {_MODIFIERS}def\s+[\w.?!]+\s*(?:\[[^\[\]]*\])?\s*(?:{_BRACKETS}|{_OPEN})?\s*(?:->[^:;]*)?(?:[:;]|$)
    | {_MODIFIERS}class\b {_SIGNATURE} (?::(?!:)[^{{;=()]*(?=\{{))? (?:[:{{]|$)
    | (?![^{{:]*\breturn\b) {_MODIFIERS}(?:fn|fun|func|function|struct|impl|interface|namespace|trait|enum)\b
      {_SIGNATURE} (?::{_TYPE}*)? (?:where\b{_TYPE}*)? (?:[{{;]|$)
    | {_MODIFIERS}(?:const|let|var)\s+\w+\s*(?::[^=;]*)?=\s*(?:async\s*)?
      (?: function\b\s*\*?\s*\w*\s*{_BRACKETS}\s*(?::{_TYPE}*)?\{{
        | (?:{_BRACKETS}|\w+)\s*(?::[^={{;]*)?=>\s*(?:\{{|$) )
    | (?!{_NO_HEADER}) (?:(?>[\w<>\[\],*&:]+)\s+)* [\w~]+\s*{_BRACKETS}\s*(?::{_TYPE}*)?\{{
    | (?!{_NO_HEADER}) (?:(?>[\w<>\[\],*&:]+)\s+)+ (?>[*&]*) \w+\s*{_BRACKETS}\s*
      (?::{_TYPE}*|->[^{{;]*|throws\s[\w.,\s]+|const|noexcept|override)?\s* (?:\{{|$)
    | \#!?\[[^\]]*\] | \#.* | @[\w.]+(?:{_BRACKETS})?
    | (?:public|private|protected)\s*:
    | (?:pass|\.\.\.|else\s*:?|end)(?!\w) | "_?"(?=[\s;,]|$)
    | raise\s+NotImplemented(?:Error)?\b(?:{_BRACKETS})? | raise\s+(?:Exception|RuntimeError)\b{_SAID}
    | (?:todo|unimplemented|panic|unreachable)!{_BRACKETS} | (?:panic|TODO|fatalError){_SAID}
    | throw\s+(?:(?:new\s+)?[\w.:]+\s*{_SAID}|"_?")
    | (?:None|(?<![\w.)]){_EMPTY}|(?:Default|Self)::default\(\))(?=\s*(?:[}}]|$))
    | return(?:\s+{_NOTHING})?\s*(?=[;}}]|$)
    | [{{}}()\[\];,]
    """,
    re.VERBOSE,
)


def is_template(text: str) -> bool:
    """Tell whether a line is one that an empty template has too.

    Args:
        text: the line without comments, and with ``"_"`` for strings that hold something.
    """
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None or piece.end() == at:
            return False
        at = piece.end()
        while at < len(text) and text[at].isspace():
            at += 1
    return True
