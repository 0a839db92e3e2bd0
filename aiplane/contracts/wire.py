"""The base of everything on the wire: camelCase JSON outside, frozen snake_case objects inside.

A payload is parsed once, at the border, by :meth:`Payload.parse`; nothing else in the project reads one.
What is unknown is ignored at every level, and ``null`` is the same as absent. Unknown fields are never
visited, so neither their size nor their depth matters.

No model shows its content in its ``repr``: a payload holds a candidate's words and code, and a ``repr``
ends in logs and tracebacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from aiplane.contracts.scalars import (  # noqa: TC001 - pydantic reads them
    Identifier,
    ReaderLanguage,
)
from aiplane.errors import InvalidPayloadError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

RoomMode = Literal["ai", "peer"]


class Wire(BaseModel):
    """One object of the wire, at any depth."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            return {name: value for name, value in data.items() if value is not None}
        return data

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return ()


class Payload(Wire):
    """Fields that every job may carry, whatever its kind.

    Attributes:
        room_id, session_id, participant_id, user_id: the control plane's ids, for logs and spans only.
        room_mode: ``peer`` for a room of two people. Which kinds work there is the task's to decide.
        response_language: the language that the person reads: language, script and region of a BCP-47 tag.
    """

    room_id: Identifier = None
    session_id: Identifier = None
    participant_id: Identifier = None
    user_id: Identifier = None
    room_mode: RoomMode | None = None
    response_language: ReaderLanguage = None

    @classmethod
    def wire_names(cls) -> frozenset[str]:
        """Return the names under which its fields may come."""
        return frozenset(cls.model_fields) | {str(field.alias) for field in cls.model_fields.values()}

    @classmethod
    def parse(cls, data: object) -> Self:
        """Read a job's data.

        Raises:
            InvalidPayloadError: a field is missing, of the wrong type or past its limit. The sentence
                names the first such field in its wire spelling and holds nothing of the payload.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            raise InvalidPayloadError(f"{_field(fault['loc'])} {_complaint(fault)}") from error


class Result(Wire):
    """Result of a job, without the ``jobId`` that its publisher adds."""

    def to_wire(self) -> dict[str, Any]:
        """Return the result as JSON-ready data, in wire spelling; what does not apply is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


_COMPLAINTS: Mapping[str, str] = {
    "missing": "is missing",
    "string_type": "must be a string",
    "string_unicode": "must be one of its known values",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length:,} characters",
    "too_long": "has more than {max_length:,} items",
    "tuple_type": "must be a list",
    "model_type": "must be an object",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "greater_than_equal": "must be {ge:,} or more",
    "less_than_equal": "must be {le:,} or less",
}
"""pydantic's types of error, in words that a person at the producer's end can act on."""


def _field(location: tuple[int | str, ...]) -> str:
    """Spell a place in the payload: ``conversationHistory[3].content``."""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{to_camel(step)}" for step in location)
    return path.lstrip(".") or "the payload"


def _complaint(fault: ErrorDetails) -> str:
    if fault["type"] == "wire":
        return fault["msg"]
    context = fault.get("ctx", {})
    if fault["type"] == "literal_error":
        return f"must be one of {context['expected']}".replace("'", "").replace(" or ", ", ")
    return _COMPLAINTS.get(fault["type"], "is not valid").format_map(context)
