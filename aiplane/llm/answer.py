"""Reading a model's answer: from text that may be anything to the shape that was asked for, or an error."""

from __future__ import annotations

from json import JSONDecoder
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from aiplane.errors import LLMInvalidResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ANSWER_CHARACTERS = 200_000
"""Far above any answer that is asked for; what is longer is not read at all."""

MAX_OBJECT_STARTS = 1_000
"""How many opening braces are tried as the start of the object, so that a page of them costs no time."""

M = TypeVar("M", bound=BaseModel)


def read_answer(text: str, shape: type[M]) -> M:
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
    answer: M | None = None
    misfit: ValidationError | None = None
    for candidate in _objects(text):
        try:
            answer = shape.model_validate_json(candidate)
        except ValidationError as error:
            misfit = error
    if answer is not None:
        return answer
    if misfit is not None:  # and is not chained: its message quotes the answer
        raise LLMInvalidResponseError(f"The model's answer is not what was asked for: {_fault(misfit)}.")
    raise LLMInvalidResponseError("The model's answer holds no complete JSON object.")


def _objects(text: str) -> Iterator[str]:
    """Yield the JSON objects in ``text`` that are not part of another, in order."""
    decoder = JSONDecoder()
    start = text.find("{")
    for _ in range(MAX_OBJECT_STARTS):
        if start < 0:
            return
        try:
            _, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield text[start:end]
        start = text.find("{", end)


def _fault(misfit: ValidationError) -> str:
    """Say which field is wrong and how, in the shape's own words: never with a key that the model made up."""
    fault = misfit.errors(include_url=False, include_context=False, include_input=False)[0]
    place = fault["loc"][:-1] if fault["type"] == "extra_forbidden" else fault["loc"]
    field = ".".join(str(step) for step in place) or "the object"
    return f"{field} ({fault['type']})"
