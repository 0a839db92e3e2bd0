"""The base of all tables, and the types of their columns."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeAlias

from sqlalchemy import DateTime, MetaData, String, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column
from ulid import ULID

Json: TypeAlias = dict[str, Any]

Id = Annotated[str, mapped_column(String(64))]
"""An id of ours: a ULID, or that of a job (``<kind>-<ulid>``)."""

UserId = Annotated[str, mapped_column(String(256))]
"""Whose something is, as tokens name them."""

Word = Annotated[str, mapped_column(String(40))]
Words = Annotated[str, mapped_column(Text)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Made = Annotated[
    datetime,
    # The moment of the statement, not of the transaction: what is written later is later.
    mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp()),
]


class Table(DeclarativeBase):
    """The base of all tables."""

    # Names that migrations can say: without them each database makes up its own.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {Json: JSONB, list[str]: JSONB}


def new_id() -> str:
    """Return an id that nothing else has: a ULID, so that ids sort as they were made."""
    return str(ULID())
