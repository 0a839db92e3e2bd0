"""The conversation of a room: a turn is said, and everybody in the room is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_plane.events import hold, publish

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from control_plane.tables import Message


async def say(session: AsyncSession, message: Message) -> None:
    """Add a turn, and tell the room.

    Nothing else is said there until the transaction ends. So turns can be read in the order of their times,
    and whoever has read up to one of them has missed none before it.
    """
    await hold(session, message.room_id)
    session.add(message)
    await session.flush()
    publish(session, message.room_id, "message", {"messageId": message.id, "jobId": message.job_id})
