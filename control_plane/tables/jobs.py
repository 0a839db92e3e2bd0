"""Jobs and what goes out about them: to the queue (outbox) and to browsers (events)."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.tables.base import Id, Json, Made, Moment, Table, UserId, Word, Words


class Job(Table):
    """One thing that was asked of the workers. No foreign key to rooms: a team may keep its own.

    Attributes:
        kind: the kind of the job; its id begins with it.
        asked: what the person asked for (``message``, ``voice``, ``hint``, ``review``): the limit that it
            counts for.
        user_id: who asked.
        about: whose work it is about, and so whose weaknesses a result shows; None if nobody's in particular.
        counts: whether it counts for a limit at all; an answer to what was said aloud does not, because
            saying it did.
        noted: what its effect has to know besides the result.
        state: ``queued`` until it has ended, then ``completed`` or ``failed``.
        started_at: when a worker first took it, as far as that was heard. How it stands now BullMQ knows.
        result: what came back, without what is none of a browser's business.
        error_code, error_message, retryable: why it failed.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'completed', 'failed')", name="state"),
        # The count of a limit, and what is left of it.
        Index("ix_jobs_limit", "user_id", "room_id", "asked", "created_at"),
        # The sessions of a person.
        Index("ix_jobs_about", "about", "room_id"),
        # What the reconciler looks for.
        Index("ix_jobs_open", "created_at", postgresql_where=text("state = 'queued'")),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    kind: Mapped[Word]
    asked: Mapped[Word]
    counts: Mapped[bool] = mapped_column(default=True)
    room_id: Mapped[Id]
    user_id: Mapped[UserId]
    about: Mapped[UserId | None]
    noted: Mapped[Json | None]
    state: Mapped[Word] = mapped_column(default="queued")
    result: Mapped[Json | None]
    error_code: Mapped[Word | None]
    error_message: Mapped[Words | None]
    retryable: Mapped[bool | None]
    created_at: Mapped[Made]
    started_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]


class OutboxEntry(Table):
    """A job that BullMQ has not confirmed yet. It is gone once that is done.

    Attributes:
        payload: the job's data as JSON text; JSONB would lose the spelling of its numbers.
        trace: the W3C trace context of the request, where it is traced.
        attempts: how often sending it was tried in vain.
        due_at: when it is to be tried next.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "due_at"),)

    job_id: Mapped[Id] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[Word]
    payload: Mapped[Words]
    trace: Mapped[Json]
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[Made]
    created_at: Mapped[Made]


class Event(Table):
    """Something that browsers in a room are told. Ids within one room are in the order of their commits.

    Attributes:
        user_id: who is told; None for everybody in the room.
        type: the name of the event.
    """

    __tablename__ = "events"
    __table_args__ = (Index(None, "room_id", "id"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    room_id: Mapped[Id]
    user_id: Mapped[UserId | None]
    type: Mapped[Word]
    data: Mapped[Json]
    created_at: Mapped[Made]


class IdempotencyKey(Table):
    """A call that came with a key, and what was answered.

    Attributes:
        owner: who called, and which route.
        fingerprint: a digest of what was asked for; the same key with something else is refused.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    owner: Mapped[Words] = mapped_column(primary_key=True)
    key: Mapped[UserId] = mapped_column(primary_key=True)
    fingerprint: Mapped[Words]
    answer: Mapped[Json | None]
    created_at: Mapped[Made]
