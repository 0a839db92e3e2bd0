"""Code in what a model wrote: how much a hint of each level may hold, and that an interviewer holds none.

Code is found whether it is marked as code or not. What the candidate has in front of them already is none
(:mod:`tasks.known`), and what is written twice counts once.
"""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aiplane.contracts import HintLevel
    from tasks.known import Known

MAX_CODE_LINES: Mapping[HintLevel, int] = MappingProxyType({"gentle": 0, "moderate": 0, "direct": 3})
"""Lines of code that a hint of each level may hold, in all its texts together."""

MOST_LINES_AROUND = 5
"""Lines that a block may have in which a new one stands: more are the finished solution around it."""

LONG_LINE = 100
"""A line of code counts once for every so many characters, so that no solution hides in one line."""

_FENCED = re.compile(r"```[^\n`]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")

_REMARK = re.compile(r"(?:^|\s)(?:#|//)\s+(.*)$")
"""A comment is prose that stands in code."""

_NAMES_ONLY = re.compile(
    r"""
    [\w.$:]+ (?:\(\))?          # a name, a dotted name, a number, a call that passes nothing
    | O\([^)]*\)                # a cost
    | \w+<[\w\s,.<>\[\]&*?]{1,60}>   # a type
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
_CODE_WITHIN = re.compile(
    r"""
    \b(?:def|fn|func|function)\ \w+\s*\([^)\n]{0,80}\)
    | \b(?:for|while|if|else\ if|switch)\s*\([^()\n]{1,60}(?:\([^()\n]{0,40}\)[^()\n]{0,40}){0,3}\)\s*\{
    | \bfor\ \w{1,30}(?:,\ ?\w{1,30})?\ in\ (?:range|enumerate|zip|sorted)\([^\n]{1,60}\)
    | \breturn\ [\w.]{0,30}\s?[\[(+*/=<>-][^;\n]{0,80}; | \breturn\ [\w.]{1,40};\s*(?:\}|$)
    | \b(?:let|const|var|int|auto|double|bool|String)\ \w{1,40}\s*[=;]
    | [\w\])]\s?[-+*/%]?=\s?[^=;\n]{1,80};
    | \b\w+\s[-+*/%]=\s\w+
    | \b\w{1,30}\s?[-+*/%]?=\s?[\w.]{1,30}\([^(),\n]{1,30},[^()\n]{1,60}
      (?:\([^()\n]{0,40}\)[^()\n]{0,40}){0,2}\)
    | \b(?:[Ww]rite|[Ss]et|[Uu]se|[Mm]ake|[Pp]ut|[Aa]ssign|[Ss]chreib\w*|[Ss]etze?|[Ee]scrib\w+|[Éé]cri\w+
      |[Mm]ets)\ (?:it\ (?:as\ )?)?
      \w{1,30}(?:\[[^\]\n]{1,30}\])?\s?[-+*/%]?=\s?[\w.]{1,30}(?:[\[(]|\s?[-+*/%]\s?\w)[^\n,;.?]{0,40}
    | \b\w{1,30},\ ?\w{1,30}\s=\s[\w\[\]+-]{1,30},\ ?\w
    | \b\w{1,30}\([^()\n]{0,40}\)\[[^\]\n]{1,20}\]
    """,
    re.VERBOSE,
)
"""Code in the middle of a sentence."""

_PRINTS = re.compile(
    r"(?:println!?|print|printf|puts|echo|dbg!|fmt\.Print(?:ln|f)?|console\.(?:log|table)"
    r"|System\.out\.print(?:ln|f)?"
    r"|(?:std::)?cout\s*<<)(?![\w!])\s*\(?([^;\n]{1,120}?)\)?(?:\s*<<\s*(?:(?:std::)?endl|\"\\n\"|'\\n'))?;?"
)

_LOOP = re.compile(r"\b(?:for|while|loop|forEach|for_each|map|reduce|fold)\b")
_FUNCTION = re.compile(r"\b(?:def|fn|func|function)\b|=>|->|\b(?:int|void|bool|String|auto)\s+\w+\s*\(")
_CALLBACK = re.compile(r"[(,]\s*(?:\([^()\n]{0,60}\)|\w{1,30})\s*=>\s*(?![{\s])")
"""A function of one expression that is handed on: no function of the solution."""

_RETURN = re.compile(r"\breturn\b|=>")
_LOOP_TOLD = re.compile(
    r"\b(?:while|until|as long as|solange|bis|mientras|hasta que|tant que|jusqu\w*|enquanto|finche"
    r"|пока)\b[^`.,:;\n]{0,30}`"
    r"|直到[^`\n]{0,10}`|`[^`\n]{1,40}`[^`\n]{0,6}(?:间|間|まで|동안)"
)
_RETURN_TOLD = re.compile(
    r"\b(?:return|hand back|gib|devuelv\w*|retorn\w*|renvo\w*|retourn\w*|devolv\w*|restitui\w*"
    r"|верни\w*)\b[^`\n]{0,40}`|返回 ?`|`を返"
)
"""The frame of a function in words around its statements: they are its whole body then."""

STATEMENTS_OF_A_BODY = 2


def check_code(level: HintLevel, texts: Mapping[str, str | None], known: Known) -> Iterator[Fault]:
    """Hold the texts of one hint to what its level allows.

    Args:
        level: of the hint.
        texts: what the model wrote, by the field that it stands in.
        known: what the candidate has anyway, and what counts for nothing.
    """
    new = {place: new_code([text], known, strictly=level == "gentle") for place, text in texts.items()}
    code = list(dict.fromkeys(line for lines in new.values() for line in lines))
    size = sum(1 + len(line) // LONG_LINE for line in code)
    allowed = MAX_CODE_LINES[level]
    if size > allowed:
        yield must(
            next(place for place, lines in new.items() if lines),
            f"holds code that is not the candidate's: {_lines(size)} in all, where a {level} hint may hold "
            f"{allowed}",
            "Say it in words; names and lines of the candidate's own code may stand in backticks.",
        )
    if (
        _is_whole(code)
        or _is_framed(code, texts)
        or any(_is_finished(block, known) for block in _blocks(texts))
    ):
        yield must("hint", "holds a whole function", "Show at most the one line that changes.")


def check_no_code(texts: Mapping[str, str | None], known: Known) -> Iterator[Fault]:
    """Look for code in what an interviewer says."""
    for place, text in texts.items():
        if new_code([text], known, strictly=False):
            yield must(
                place,
                "holds code, and an interviewer writes none",
                "Say it in words; names and lines of the candidate's own code may stand in backticks.",
            )


def new_code(texts: Iterable[str | None], known: Known, *, strictly: bool) -> list[str]:
    """Return the statements in some texts that the candidate does not have, each once."""
    found = dict.fromkeys(line for text in texts if text for line in code_lines(text))
    return [
        line
        for line in found
        if not known.quotes(line)
        and not known.only_talks(line, strictly=strictly)
        and not _only_prints(line, known)
    ]


def _only_prints(line: str, known: Known) -> bool:
    """Tell whether a line prints what the candidate has: a look at the code, not a part of a solution."""
    printed = _PRINTS.fullmatch(line.strip())
    return printed is not None and known.only_talks(f"({printed[1]})", strictly=False)


def _is_whole(code: Sequence[str]) -> bool:
    """Tell whether lines of code are a function, or all that stands in one: a loop and what it comes to."""
    lines = [_CALLBACK.sub("(", line) for line in code]
    returns = any(_RETURN.search(line) for line in lines)
    return returns and any(_FUNCTION.search(line) or _LOOP.search(line) for line in lines)


def _is_framed(code: Sequence[str], texts: Mapping[str, str | None]) -> bool:
    """Tell whether statements stand in a loop and before a return that are told in words."""
    prose = folded("\n".join(text for text in texts.values() if text))
    is_framed = _LOOP_TOLD.search(prose) is not None and _RETURN_TOLD.search(prose) is not None
    return is_framed and len(code) >= STATEMENTS_OF_A_BODY


def _blocks(texts: Mapping[str, str | None]) -> Iterator[list[str]]:
    """Yield the lines of each block of code that stands in some texts, whether in fences or bare."""
    for text in texts.values():
        plain = unicodedata.normalize("NFKC", text or "")
        for block in _FENCED.findall(plain):
            yield [line for line in block.splitlines() if line.strip()]
        yield from _bare_blocks(_FENCED.sub("\n", plain))


def _bare_blocks(prose: str) -> Iterator[list[str]]:
    """Yield the rows of lines without fences that look like code, or stand indented between such."""
    block: list[str] = []
    for line in [*prose.splitlines(), "."]:
        if not line.strip():
            continue
        if _LOOKS_LIKE_CODE.search(_BULLET.sub("", line).strip()) or (block and line[:1] in " \t"):
            block.append(line)
        elif block:
            yield block
            block = []


def _is_finished(block: Sequence[str], known: Known) -> bool:
    """Tell whether a block is the candidate's code with what is new set in, all of it or most."""
    statements = [*_statements(block)]
    is_long = len(block) > MOST_LINES_AROUND or _is_whole(statements)
    return is_long and any(
        not known.quotes(line) and not known.only_talks(line, strictly=False) for line in statements
    )


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def code_lines(text: str) -> list[str]:
    """Return the statements of code that stand in a text, one by one.

    A bare name in backticks, a cost such as O(n) and a lone operator are words about code, not code.
    """
    plain = unicodedata.normalize("NFKC", text)
    marked = [line for block in _FENCED.findall(plain) for line in block.splitlines()]
    prose = _FENCED.sub("\n", plain)
    marked += [span for span in _INLINE.findall(prose) if not _NAMES_ONLY.fullmatch(span.strip())]
    remarks = "\n".join(remark[1] for line in marked for remark in _REMARK.finditer(line))
    code = [_REMARK.sub("", line) for line in marked]
    return [*_statements(code), *_statements(_code_in_prose(f"{_INLINE.sub('it', prose)}\n{remarks}"))]


def _code_in_prose(prose: str) -> Iterator[str]:
    for line in prose.splitlines():
        stripped = _BULLET.sub("", line).strip()
        if _LOOKS_LIKE_CODE.search(stripped):
            yield stripped
        else:
            yield from (match[0] for match in _CODE_WITHIN.finditer(stripped))


def _statements(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from (statement.strip() for statement in line.split(";") if statement.strip())
