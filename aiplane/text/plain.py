"""Text that a model wrote, as text and nothing else: whoever shows it need fear nothing of it.

Control characters and those that turn the direction of reading are dropped; tags of HTML, images, links and
the marks of headings are taken out, and what they enclose stays. A tag within backticks is what the text
talks about: it stays legible, in brackets that no browser takes for one.
"""

from __future__ import annotations

import re

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_UNSEEN = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]{0,20}[ -/]{0,5}[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)?|[@-_])")
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")

_ELEMENTS = (
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink "
    "blockquote body br button canvas caption center cite code col colgroup data datalist dd del details "
    "dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 "
    "h3 h4 h5 h6 head header hr html i iframe img input ins isindex kbd keygen label legend li link "
    "listing main map mark marquee math menu meta meter nav noframes noscript object ol optgroup option "
    "output p param picture plaintext pre progress q s samp script section select slot small source span "
    "strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title "
    "tr track tt u ul use var video wbr xml xmp "
)
_TAG = re.compile(
    r"<!--.{0,4000}?(?:-->|\Z)|<!doctype\b[^>]{0,200}>?|<\?xml\b[^>]{0,200}>?|<!\[CDATA\[|\]\]>"
    rf"|</?(?:{'|'.join(_ELEMENTS.split())})(?:\s*/?>|[\s/]+[a-z@:_-][^<>]{{0,2000}}>"
    rf"|[\s/]+[a-z@:_-][^<>=]{{0,200}}=[^<>]{{0,2000}}\Z|/[^<>]{{0,2000}}>)"
    r"|</?[a-z][\w:.-]{0,60}[\s/][^<>]{0,2000}?\bon[a-z]{2,30}\s*=[^<>]{0,2000}(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_IMAGE = re.compile(r"!\[([^\]\n]{0,400})\](?:\([^)\n]{0,2000}\)?|\[[^\]\n]{0,200}\])")
_LINK = re.compile(
    r"\[([^\]\n]{0,400})\]\(\s*<?(?:[a-z][a-z0-9+.-]{1,20}:|//|www\.|/|#|\."
    r"|[^\s()]{1,200}/)[^()\n]{0,2000}(?:\([^()\n]{0,200}\)[^()\n]{0,200}){0,3}\)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"<?\b(?:https?|ftps?|wss?|file|data|javascript|vbscript|blob|mailto|tel|sms|intent|chrome"
    r"|about):(?://)?[^\s<>`\"')\]]{1,2000}>?"
    r"|(?<![\w.])www\.[^\s<>`\"')\]]{1,2000}|(?<!\w)//[a-z0-9-]{1,60}\.[a-z]{2,20}/[^\s<>`\"')\]]{0,2000}",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"(?m)^ {0,3}#{1,6}[ \t]+(?=\S)(.*?)(?:[ \t]+#+)?[ \t]*$|^ {0,3}(?:\*\*"
    r"|__)([^*_\n]{1,80})(?:\*\*|__):?[ \t]*$"
)
_UNDERLINE = re.compile(r"(?m)(?<=\S)\n {0,3}(?:={3,80}|-{3,80})[ \t]*$")
_IN_BACKTICKS = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`)", re.DOTALL)
_LABEL_WORDS = 3
"""A heading of so many words names what follows, and says nothing."""

_MORE_ROUNDS = 4
"""What is taken out may have stood within something that is a tag without it."""


def plain_text(text: str) -> str:
    """Return prose as plain text. Line breaks stay, and a tab becomes a blank."""
    ended = _LINE_ENDS.sub("\n", _ESCAPES.sub("", text))
    visible = _UNSEEN.sub("", _CONTROL.sub("", ended.replace("\t", " ")))
    return "".join(
        _legible(piece) if piece.startswith("`") else _without_markup(piece)
        for piece in _IN_BACKTICKS.split(visible)
    )


def is_seen(character: str) -> bool:
    """Tell whether a character of code is neither white space nor one that :func:`plain_code` drops."""
    if character.isascii():
        return " " < character < "\x7f"
    return not (character.isspace() or _CONTROL.match(character) or _UNSEEN.match(character))


def plain_code(text: str) -> str:
    """Return code without the characters that nobody sees; tabs stay, and so does what looks like a tag."""
    return _UNSEEN.sub("", _CONTROL.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n"))))


def _legible(code: str) -> str:
    return _TAG.sub(lambda tag: tag[0].replace("<", "\u2039").replace(">", "\u203a"), code)


def _title(heading: re.Match[str]) -> str:
    """Return what a heading says, and nothing where it only names what follows ("Summary")."""
    words = heading[1] or heading[2] or ""
    is_last = not heading.string[heading.end() :].strip()
    return words if is_last or len(words.split()) > _LABEL_WORDS else ""


def _without_markup(prose: str) -> str:
    prose = _HEADING.sub(_title, _UNDERLINE.sub("", prose))
    for _ in range(_MORE_ROUNDS):
        before = prose
        prose = _TAG.sub("", _IMAGE.sub(r"\1", prose))
        prose = _ADDRESS.sub("", _LINK.sub(r"\1", prose))
        if prose == before:
            return prose
    return prose.replace("<", "\u2039")
