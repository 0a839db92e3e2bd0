"""History of a room, and of a person's earlier ones, from the service's own tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import literal, select, union_all

from control_plane.hooks import HintFacts, HistoryFacts, TurnFacts
from control_plane.tables import Hint, Job, Message
from control_plane.weaknesses import weaknesses_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

MOST_TURNS: Final = 500
"""Turns, and hints, that one look brings: as many as a job may have."""

MOST_WEAKNESSES: Final = 10
"""Weaknesses of earlier sessions that a job is told of, the most frequent."""

_TURN, _HINT, _TIER = "turn", "hint", "tier"


async def read_history(session: AsyncSession, room_id: str, user_id: str) -> HistoryFacts:
    """Return what went before, for one person in one room."""
    turns = (
        select(literal(_TURN).label("what"), Message.role, Message.content, Message.created_at, Message.id)
        .where(Message.room_id == room_id)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(MOST_TURNS)
    )
    hints = (
        select(literal(_HINT), Hint.level, Hint.hint, Hint.created_at, Hint.job_id)
        .where(Hint.room_id == room_id, Hint.user_id == user_id, Hint.hint.is_not(None))
        .order_by(Hint.created_at.desc())
        .limit(MOST_TURNS)
    )
    tier = (
        select(literal(_TIER), Job.result["difficulty"].as_string(), literal(""), Job.ended_at, Job.id)
        .where(Job.room_id == room_id, Job.kind == "interview", Job.state == "completed")
        .order_by(Job.ended_at.desc())
        .limit(1)
    )
    # One statement, for somebody waits for it with each request.
    rows = await session.execute(union_all(turns, hints, tier).order_by("created_at", "id"))
    found: dict[str, list[Any]] = {_TURN: [], _HINT: [], _TIER: []}
    for what, *row, _ in rows:
        found[what].append(row)
    weaknesses = await weaknesses_of(session, user_id, but=room_id)
    return HistoryFacts(
        turns=tuple(TurnFacts(*row) for row in found[_TURN]),
        hints=tuple(HintFacts(hint, level, at) for level, hint, at in found[_HINT]),
        difficulty=next((tier for tier, *_ in found[_TIER]), None),
        weaknesses=tuple(each.to_payload() for each in weaknesses[:MOST_WEAKNESSES]),
    )
