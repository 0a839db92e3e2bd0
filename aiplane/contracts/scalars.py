"""The strings, numbers and times of the wire: what each accepts, and its bounds.

The wire is JSON that other programs wrote, so each type says what it forgives:

- A string is kept as it is, but for what cannot be stored or sent on: a NUL and a lone surrogate (half of
  a UTF-16 pair; legal in JSON, impossible in UTF-8) become U+FFFD, so the length stays what it was.
- A whole number may arrive as ``3.0``; never as ``"3"`` or ``true``.
- A time that cannot be read counts as absent, and so does whatever is wrong in context that only helps
  (:data:`HELPS`, :func:`latest`). Such a thing missing costs an answer some precision, where a refused
  payload would cost the person the answer.

Lengths are in characters (Unicode code points). A producer that counts UTF-16 units counts as many or
more, so what it holds to be within a limit is within it here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

MAX_SAFE_INTEGER: Final = 2**53 - 1
"""The largest whole number that a JavaScript program can hold exactly."""

_LAST_MOMENT_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, the end of :class:`datetime.datetime`."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TIMESTAMP: Final = 64


def clean(text: str) -> str:
    """Return ``text`` with every NUL and lone surrogate replaced by U+FFFD; halves of a pair are joined."""
    if "\0" in text:
        text = text.replace("\0", REPLACEMENT)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _clean_text(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _blank_is_absent(value: Any) -> Any:
    value = _clean_text(value)
    return None if isinstance(value, str) and (not value or value.isspace()) else value


def _cut_at(length: int) -> BeforeValidator:
    """Leave out what is past a length: of context that a job can do without, no refusal is worth it."""
    return BeforeValidator(lambda value: value[:length] if isinstance(value, str) else value)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("wire", "is empty")
    return text


def _integral(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _zero_is_absent(value: Any) -> Any:
    value = _integral(value)
    return None if value == 0 and not isinstance(value, bool) else value


def _never_negative(seconds: float) -> float:
    return max(0.0, seconds)


def _number_or_word(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) > 100:
            raise PydanticCustomError("wire", "is longer than 100 characters")
        return clean(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_SAFE_INTEGER:
        raise PydanticCustomError("wire", "must be a number or a word")
    return value


def epoch_ms(value: object) -> int | None:
    """Read a time as milliseconds since 1970, UTC.

    Args:
        value: epoch milliseconds (a number, or digits in a string), or an ISO 8601 string. One without
            a zone is taken as UTC, because that is what servers log in.

    Returns:
        The time, or ``None`` for anything else and for times outside 1970 to 9999.
    """
    try:
        if isinstance(value, str):
            moment = _read_time(value.strip())
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = int(value)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return moment if 0 <= moment <= _LAST_MOMENT_MS else None


def _read_time(text: str) -> int:
    if len(text) > _LONGEST_TIMESTAMP:
        raise ValueError("too long for a time")
    if text.isdecimal():
        return int(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _if_it_can_be_read(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        return None


def latest(most: int) -> WrapValidator:
    """Read a list that only helps: so many of its last items, without those that cannot be read.

    What is no list is taken for its only item.
    """

    def kept(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
        items = value[-most:] if isinstance(value, list | tuple) else (value,)
        return tuple(each for item in items for each in _if_it_can_be_read((item,), read) or ())

    return WrapValidator(kept)


def _language_tag(text: str) -> str:
    tag = text.strip().replace("_", "-")
    subtags = tag.split("-")
    well_formed = all(1 <= len(part) <= 8 and part.isascii() and part.isalnum() for part in subtags)
    if not well_formed or not subtags[0].isalpha():
        raise PydanticCustomError("wire", "must be a BCP-47 language tag such as en or pt-BR")
    return tag


_LONGEST_TAG: Final = 64
"""Characters in which a language is looked for."""

_SCRIPT: Final = re.compile(
    r"Adlm|Arab|Armn|Beng|Bopo|Cans|Cher|Cyrl|Deva|Ethi|Geor|Grek|Gujr|Guru|Hang|Hani|Hans|Hant|Hebr|Hira|Java"
    r"|Jpan|Kana|Khmr|Knda|Kore|Laoo|Latn|Mlym|Mong|Mymr|Nkoo|Olck|Orya|Sinh|Syrc|Taml|Telu|Tfng|Thaa|Thai"
    r"|Tibt|Vaii|Yiii",
    re.IGNORECASE,
)
"""The scripts that living languages are written in: other words of four letters are no part of a tag."""

_SUBTAGS: Final = re.compile(r"[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")


def _reader_tag(text: str) -> str | None:
    """Return language, script and region of a tag; None for what does not begin with a language."""
    found = _SUBTAGS.match(text.lstrip()[:_LONGEST_TAG])
    language, *rest = re.split("[-_]", found[0]) if found else [""]
    if not (2 <= len(language) <= 3 and language.isalpha()):
        return None
    while rest and len(rest[0]) == 3 and rest[0].isalpha():  # a variety with a code of its own, as in zh-yue
        del rest[0]
    script = rest.pop(0) if rest and _SCRIPT.fullmatch(rest[0]) else None
    region = rest[0] if rest and re.fullmatch(r"[A-Za-z]{2}|\d{3}", rest[0]) else None
    return "-".join(part for part in (language, script, region) if part)


def _one_line_lower_case(value: Any) -> Any:
    # Far past the limit there is nothing to normalise, only something to refuse: a hundred megabytes of
    # blanks would become as many list items.
    if not isinstance(value, str) or len(value) > 1000:
        return value
    return " ".join(clean(value).split()).lower()


HELPS: Final = WrapValidator(_if_it_can_be_read)
"""Context that only helps: what is wrong in it makes it absent, and never costs a job."""

CLEAN: Final = BeforeValidator(_clean_text)
NOT_BLANK: Final = AfterValidator(_not_blank)
BLANK_IS_ABSENT: Final = BeforeValidator(_blank_is_absent)

Text = Annotated[str, Field(strict=True), CLEAN]
"""Any string. Only for what is bounded elsewhere: by who wrote it, or by what reads it."""

Words = Annotated[str, Field(strict=True), NOT_BLANK, CLEAN]
"""Any string that says something."""

Identifier = Annotated[str | None, Field(strict=True, max_length=256), BLANK_IS_ABSENT]
"""An id of the control plane's: up to 256 characters, seven times a UUID. Blank is absent."""

Label = Annotated[str, Field(strict=True), NOT_BLANK, CLEAN, _cut_at(200)]
"""A name or a few words, of which 200 characters are kept."""

Note = Annotated[str, Field(strict=True), CLEAN, _cut_at(2_000)]
"""A few sentences, of which 2,000 characters are kept."""

Path = Annotated[str | None, Field(strict=True), BLANK_IS_ABSENT, _cut_at(1_024)]
"""A file's path, of which 1,024 characters are kept. Blank is absent."""

RubricLine = Annotated[str, Field(strict=True, max_length=500), CLEAN]
"""One line of a rubric: up to 500 characters (the wire contract)."""

Speech = Annotated[str, Field(strict=True, max_length=20_000), CLEAN]
"""What one person said at once, or one hint: up to 20,000 characters, the wire contract's limit of a turn."""

Said = Annotated[str, Field(strict=True), CLEAN, _cut_at(20_000)]
"""What somebody said or wrote that only helps: of it, the 20,000 characters of a turn are kept."""

ProblemText = Annotated[str, Field(strict=True, max_length=120_000), NOT_BLANK, CLEAN]
"""A problem's description: 1 to 120,000 characters (the wire contract)."""

Code = Annotated[str, Field(strict=True, max_length=200_000), CLEAN]
"""Source code, possibly none: up to 200,000 characters (the wire contract)."""

Snippet = Annotated[str, Field(strict=True), CLEAN, _cut_at(200_000)]
"""Some of the code, of which as much is kept as a whole program may have."""

Language = Annotated[
    str, Field(strict=True, min_length=1, max_length=40), BeforeValidator(_one_line_lower_case)
]
"""A programming language, known or not: 1 to 40 characters (the wire contract); kept in lower case."""

LanguageTag = Annotated[str, Field(strict=True, max_length=35), AfterValidator(_language_tag), CLEAN]
"""A human language: a BCP-47 tag such as ``en`` or ``pt-BR`` (``pt_BR`` is the same), up to 35 characters."""

SpokenLanguage = Annotated[LanguageTag | None, HELPS]
"""A human language that is spoken; a word that is no tag is absent."""

ReaderLanguage = Annotated[
    str | None,
    Field(strict=True),
    AfterValidator(lambda text: None if text is None else _reader_tag(text)),
    BLANK_IS_ABSENT,
]
"""The language that a person reads: language, script and region of a BCP-47 tag. What else stands there is
dropped, for it would be free words of a stranger's among our orders to a model."""

Count = Annotated[int, Field(strict=True, ge=0, le=MAX_SAFE_INTEGER), BeforeValidator(_integral)]
"""How many of something: 0 or more. A negative one is refused, because it is a producer's fault."""

Ordinal = Annotated[int, Field(strict=True, ge=1, le=MAX_SAFE_INTEGER), BeforeValidator(_integral)]
"""The position of something in a row, counted from 1: a line, an iteration."""

EditorLine = Annotated[
    int | None, Field(strict=True, ge=1, le=MAX_SAFE_INTEGER), BeforeValidator(_zero_is_absent)
]
"""A line as an editor reports it, counted from 1; 0 is how editors say none."""

Score = Annotated[int, Field(strict=True, ge=0, le=10), BeforeValidator(_integral)]
"""A score from 0 to 10."""

Seconds = Annotated[float, Field(strict=True, allow_inf_nan=False), AfterValidator(_never_negative)]
"""A time that has passed. Two clocks that disagree give a negative one: it is read as 0."""

NumberOrWord = Annotated[float | str, BeforeValidator(_number_or_word)]
"""A measure that some producers count and others name (``3``, ``"often"``); up to 100 characters."""

Timestamp = Annotated[int | None, BeforeValidator(epoch_ms)]
"""A time as epoch milliseconds; see :func:`epoch_ms`. One that cannot be read is absent."""
