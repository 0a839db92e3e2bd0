"""Parser of a model's answer: from text that may be anything to the shape asked for, or an error.

What costs nothing to see through is seen through: thoughts in front of the object, words around it, a fence,
a comma after the last item, comments, an object around the object, a string around it, a line break within
a text.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from aiplane.errors import LLMInvalidResponseError
from aiplane.providers.llm.thoughts import without_thoughts

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ANSWER_CHARACTERS = 200_000
"""Far above any answer that is asked for; what is longer is not read at all."""

MAX_OBJECT_STARTS = 1_000
"""How many opening braces are tried as the start of the object, so that a page of them costs no time."""

MAX_TRIED_CHARACTERS = 4_000_000
"""How many characters are read in all of these tries."""

M = TypeVar("M", bound=BaseModel)

_COMMA_TOO_MANY = re.compile(r'("(?:[^"\\]|\\.)*+"?)|,(?=\s*[}\]])', re.DOTALL)
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*+"?)|//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?', re.DOTALL)
_ESCAPED = re.compile(r'\{\s*+\\+"')
"""The beginning of an object that was written as one writes it within a string."""

MAX_STRINGS_AROUND = 2


class ReadAnswer(NamedTuple, Generic[M]):
    """An answer that has the shape, and the object that it was read from, with whatever else that holds."""

    answer: M
    data: dict[str, Any]


def read_answer(text: str, shape: type[M]) -> M:
    """Read the JSON object of ``shape`` that ``text`` is, or that stands in it: see :func:`read_object`."""
    return read_object(text, shape).answer


def read_object(text: str, shape: type[M]) -> ReadAnswer[M]:
    """Read the JSON object of ``shape`` that ``text`` is, or that stands in it, fenced or not.

    A model without a JSON mode writes around its answer, before it more than after it, and may quote what a
    candidate wrote. So of several objects that have the shape the last one counts.

    Raises:
        LLMInvalidResponseError: there is none. The sentence names the field, and holds nothing of the text.
    """
    if len(text) > MAX_ANSWER_CHARACTERS:
        raise LLMInvalidResponseError(
            f"The model's answer is longer than {MAX_ANSWER_CHARACTERS} characters."
        )
    misfits: list[ValidationError] = []
    for data in _read(without_thoughts(text), MAX_STRINGS_AROUND):
        try:
            return ReadAnswer(shape.model_validate(data), data)
        except ValidationError as error:
            misfits.append(error)
    if misfits:  # and none is chained: its message quotes the answer
        closest = min(misfits, key=_missing)
        raise LLMInvalidResponseError(f"The model's answer is not what was asked for: {_fault(closest)}.")
    raise LLMInvalidResponseError("The model's answer holds no complete JSON object.")


def _read(text: str, strings: int) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in ``text``, then those in the string that it is, or its object's only field."""
    within = _unescaped(text)
    for number, data in enumerate(_objects(text)):
        yield data
        if number == 0 and within is None:
            within = _only_text(data)
    if within is not None and strings > 0:
        yield from _read(within, strings - 1)


def _only_text(data: dict[str, Any]) -> str | None:
    """Return the text that is all that an object holds, if it begins as an object does."""
    value = next(iter(data.values())) if len(data) == 1 else None
    return value if isinstance(value, str) and value.lstrip().startswith(("{", '"{')) else None


def _unescaped(text: str) -> str | None:
    """Return the text of the JSON string that holds an object; None where the object stands in none."""
    first, last = text.find("{"), text.rfind("}")
    if last < first or not _ESCAPED.match(text, first):
        return None
    try:
        return str(json.loads(f'"{text[first : last + 1]}"', strict=False))
    except ValueError:
        return None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in ``text``: from its first brace to its last, then from the end backwards."""
    first, last = text.find("{"), text.rfind("}")
    if first < 0 or last < first:
        return
    plain, bare = _without_trailing_commas(text), _without_trailing_commas(_without_comments(text[first:]))
    for whole in (text[first : last + 1], _without_trailing_commas(text[first : last + 1]), bare.rstrip()):
        found = _decoded(whole)
        if found is not None and found[1] == len(whole):
            yield found[0]
            break
    yield from _from_the_end(plain)
    if len(bare) < len(plain) - first:
        yield from _from_the_end(bare)


def _from_the_end(text: str) -> Iterator[dict[str, Any]]:
    """Yield the objects that begin at each brace, the last first, and so those within before those around.

    What lies within one that was found and had not the shape is read again with the one around it: so the
    characters that are read are counted.
    """
    start, room = text.rfind("{"), MAX_TRIED_CHARACTERS
    for _ in range(MAX_OBJECT_STARTS):
        if start < 0 or room < 0:
            return
        found = _decoded(text, start)
        room -= (found[1] if found else len(text)) - start
        if found is not None:
            yield found[0]
        start = text.rfind("{", 0, start)


_DECODER = json.JSONDecoder(strict=False)


def _decoded(text: str, start: int = 0) -> tuple[dict[str, Any], int] | None:
    try:
        found, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return (found, end) if isinstance(found, dict) else None


def _without_trailing_commas(text: str) -> str:
    return _COMMA_TOO_MANY.sub(lambda match: match[1] or "", text)


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda match: match[1] or "", text)


def _missing(misfit: ValidationError) -> int:
    """Count the fields that are missing: an object that was not meant to be the answer lacks most of them."""
    faults = misfit.errors(include_url=False, include_context=False, include_input=False)
    return sum(fault["type"] == "missing" for fault in faults)


def _fault(misfit: ValidationError) -> str:
    """Say which field is wrong and how, in the shape's own words: never with a key that the model made up."""
    fault = misfit.errors(include_url=False, include_context=False, include_input=False)[0]
    place = fault["loc"][:-1] if fault["type"] == "extra_forbidden" else fault["loc"]
    field = ".".join(str(step) for step in place) or "the object"
    return f"{field} ({fault['type']})"
