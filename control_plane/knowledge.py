"""Knowledge of a room at the moment when somebody asks for something there, by the four hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_plane.enrichment import Known

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from control_plane.hooks import Hooks, RoomFacts


async def know(session: AsyncSession, hooks: Hooks, room: RoomFacts, user_id: str) -> Known:
    """Return what is known of a room, for one person in it."""
    return Known(
        room,
        user_id,
        code=await hooks.load_code(session, room, user_id),
        run=await hooks.load_last_run(session, room, user_id),
        history=await hooks.load_history(session, room, user_id),
    )
