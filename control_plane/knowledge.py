"""Knowledge of a room at the moment when somebody asks for something there, by the four hooks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from control_plane.enrichment import Known

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from control_plane.hooks import Hooks, RoomFacts


async def know(
    session: AsyncSession, hooks: Hooks, room: RoomFacts, user_id: str, *, about: str | None
) -> Known:
    """Return what is known of a room, for one person in it.

    Args:
        session: the transaction.
        hooks: where it is known.
        room: the room.
        user_id: who asks.
        about: whose work it is about; None if that is nobody in particular. What a person's earlier sessions
            showed is told of nobody else's work, and to nobody else.
    """
    history = await hooks.load_history(session, room, user_id)
    subject = about or user_id
    return Known(
        room,
        user_id,
        code=await hooks.load_code(session, room, subject),
        run=await hooks.load_last_run(session, room, subject),
        history=history if about == user_id else replace(history, weaknesses=()),
    )
