"""History of a room, and of a person's earlier ones, from the service's own tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from control_plane.hooks import HintFacts, HistoryFacts, TurnFacts
from control_plane.tables import Hint, Job, Message
from control_plane.weaknesses import weaknesses_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

MOST_TURNS: Final = 500
"""Turns, and hints, that one look brings: as many as a job may have."""

MOST_WEAKNESSES: Final = 10
"""Weaknesses of earlier sessions that a job is told of, the most frequent."""


async def read_history(session: AsyncSession, room_id: str, user_id: str) -> HistoryFacts:
    """Return what went before, for one person in one room."""
    turns = await session.execute(
        select(Message.role, Message.content, Message.created_at)
        .where(Message.room_id == room_id)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(MOST_TURNS)
    )
    hints = await session.execute(
        select(Hint.hint, Hint.level, Hint.created_at)
        .where(Hint.room_id == room_id, Hint.user_id == user_id, Hint.hint.is_not(None))
        .order_by(Hint.created_at.desc())
        .limit(MOST_TURNS)
    )
    difficulty = await session.scalar(
        select(Job.result["difficulty"].as_string())
        .where(Job.room_id == room_id, Job.kind == "interview", Job.state == "completed")
        .order_by(Job.ended_at.desc())
        .limit(1)
    )
    weaknesses = await weaknesses_of(session, user_id, but=room_id)
    return HistoryFacts(
        turns=tuple(TurnFacts(*row) for row in reversed(turns.all())),
        hints=tuple(HintFacts(hint or "", level, at) for hint, level, at in reversed(hints.all())),
        difficulty=difficulty,
        weaknesses=tuple(each.to_payload() for each in weaknesses[:MOST_WEAKNESSES]),
    )
