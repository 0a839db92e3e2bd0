"""The base of every HTTP body, and the types of what stands in one: camelCase outside, snake_case inside.

What a request brings is hostile: a text is bounded, a NUL or half of a surrogate pair in it becomes U+FFFD
(PostgreSQL can store neither), and a number that arrives as a string is refused.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from aiplane.contracts import clean

if TYPE_CHECKING:
    from collections.abc import Iterable


class Body(BaseModel):
    """One object of a request or an answer. Its ``repr`` shows nothing of it."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return ()


def _clean(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


CLEAN = BeforeValidator(_clean)

NOT_BLANK = r"\S"
"""The pattern of a text that says something."""

Title = Annotated[str, CLEAN, Field(min_length=1, max_length=200, pattern=NOT_BLANK)]
UserId = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[!-~]+$")]
"""Whose something is, as tokens name them: printable ASCII without blanks, up to 256 characters."""

LanguageName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[!-~]( ?[!-~])*$")]
"""A programming language: any word of up to 40 characters."""

LanguageTag = Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*$")]
"""A BCP-47 tag such as ``en`` or ``pt-BR``."""

Code = Annotated[str, CLEAN, Field(max_length=200_000)]
Moment = Annotated[datetime, PlainSerializer(_iso, return_type=str, when_used="json")]
"""A time; it goes out as ISO 8601 in UTC, with milliseconds."""
