"""Tables of the conversation, the hints and the reviews of a room, and of the weaknesses that they showed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.tables.base import Id, Json, Made, Moment, Table, UserId, Word, Words, new_id


class Message(Table):
    """One turn of the conversation with the interviewer.

    Attributes:
        user_id: the person whose conversation it is, for the interviewer's turns too.
        job_id: the job that the turn asked for, or that answered with it.
        annotations: remarks at lines of the code.
        audio_key, audio_mime_type: the spoken reply, as an object in the bucket.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("job_id", "role"),
        CheckConstraint("role IN ('user', 'assistant')", name="role"),
        Index(None, "room_id", "created_at", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=new_id)
    room_id: Mapped[Id]
    user_id: Mapped[UserId]
    role: Mapped[Word]
    content: Mapped[Words]
    job_id: Mapped[Id] = mapped_column(ForeignKey("jobs.id"))
    follow_up_type: Mapped[Word | None]
    follow_up_question: Mapped[Words | None]
    difficulty: Mapped[Word | None]
    annotations: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
    audio_key: Mapped[Words | None]
    audio_mime_type: Mapped[Words | None]
    created_at: Mapped[Made]


class Hint(Table):
    """A hint that was asked for; what stands in it comes with the result.

    Attributes:
        follow_up_to: the hint that it follows.
        reflection_response: what the person answered to that hint's question.
    """

    __tablename__ = "hints"
    __table_args__ = (Index(None, "room_id", "user_id", "created_at"),)

    job_id: Mapped[Id] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    room_id: Mapped[Id]
    user_id: Mapped[UserId]
    level: Mapped[Word]
    follow_up_to: Mapped[Id | None] = mapped_column(ForeignKey("hints.job_id"))
    reflection_response: Mapped[Words | None]
    hint: Mapped[Words | None]
    suggested_approach: Mapped[Words | None]
    concepts: Mapped[list[str] | None]
    reflection_prompt: Mapped[Words | None]
    created_at: Mapped[Made]


class Review(Table):
    """A review that was asked for, of that code; its result comes later."""

    __tablename__ = "reviews"
    __table_args__ = (Index(None, "room_id", "user_id", "created_at"),)

    job_id: Mapped[Id] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    room_id: Mapped[Id]
    user_id: Mapped[UserId]
    code: Mapped[Words]
    language: Mapped[Word]
    rubric: Mapped[list[str]]
    overall_score: Mapped[int | None]
    result: Mapped[Json | None]
    created_at: Mapped[Made]


class WeaknessSighting(Table):
    """One weakness that one result showed. The session is the room.

    Attributes:
        problem_title: the problem's title then.
        evidence: what showed it, in the result's words.
    """

    __tablename__ = "weakness_sightings"
    __table_args__ = (Index(None, "user_id", "category", "seen_at"),)

    job_id: Mapped[Id] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    category: Mapped[Word] = mapped_column(primary_key=True)
    user_id: Mapped[UserId]
    room_id: Mapped[Id]
    problem_title: Mapped[Words]
    evidence: Mapped[Words | None]
    seen_at: Mapped[Moment]
