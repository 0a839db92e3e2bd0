"""Tables of a platform's own facts. A team that has its own tables puts hooks in the place of these."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.tables.base import Id, Json, Made, Moment, Table, UserId, Word, Words, new_id


class Problem(Table):
    """A problem that candidates work on."""

    __tablename__ = "problems"

    id: Mapped[Id] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[Words]
    description: Mapped[Words]
    difficulty: Mapped[Word | None]
    created_at: Mapped[Made]


class Room(Table):
    """One session of one problem."""

    __tablename__ = "rooms"
    __table_args__ = (
        CheckConstraint("mode IN ('ai', 'peer')", name="mode"),
        CheckConstraint("state IN ('active', 'finished')", name="state"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=new_id)
    problem_id: Mapped[Id] = mapped_column(ForeignKey("problems.id"))
    mode: Mapped[Word]
    state: Mapped[Word] = mapped_column(default="active")
    language: Mapped[Word]
    response_language: Mapped[Word | None]
    created_at: Mapped[Made]
    finished_at: Mapped[Moment | None]


class Participant(Table):
    """Somebody in a room, and as what."""

    __tablename__ = "participants"

    room_id: Mapped[Id] = mapped_column(ForeignKey("rooms.id"), primary_key=True)
    user_id: Mapped[UserId] = mapped_column(primary_key=True)
    role: Mapped[Word]
    created_at: Mapped[Made]


class CodeVersion(Table):
    """The latest code in a room: each participant's own, and the shared one, whose ``user_id`` is empty."""

    __tablename__ = "code"

    room_id: Mapped[Id] = mapped_column(ForeignKey("rooms.id"), primary_key=True)
    user_id: Mapped[UserId] = mapped_column(primary_key=True)
    code: Mapped[Words]
    language: Mapped[Word | None]
    updated_at: Mapped[Moment]


class Execution(Table):
    """One run of somebody's code against the problem's test cases, as the wire's ``ExecutionSummary``."""

    __tablename__ = "executions"
    __table_args__ = (Index(None, "room_id", "user_id", "created_at"),)

    id: Mapped[Id] = mapped_column(primary_key=True, default=new_id)
    room_id: Mapped[Id] = mapped_column(ForeignKey("rooms.id"))
    user_id: Mapped[UserId]
    summary: Mapped[Json]
    created_at: Mapped[Made]
