"""Events for browsers: written in the transaction of what they tell, and rung for once that counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from control_plane.tables import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

CHANNEL: Final = "aiplane_events"
"""The channel of ``NOTIFY``."""

_LOCKS: Final = 1
"""The first half of the advisory locks of rooms' events; limits have another."""


async def hold(session: AsyncSession, room_id: str) -> None:
    """Let nobody else tell a room anything until the transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(_LOCKS, func.hashtext(room_id))))


async def everything_told(session: AsyncSession, room_id: str) -> None:
    """Wait until everything can be read that has an id already; until the transaction ends nothing gets one.

    What has been told to other rooms since does not matter: its ids are none of this one's.
    """
    await session.execute(select(func.pg_advisory_xact_lock_shared(_LOCKS, func.hashtext(room_id))))


async def publish(
    session: AsyncSession,
    room_id: str,
    kind: str,
    data: Mapping[str, Any],
    *,
    user_id: str | None = None,
    job_id: str = "",
) -> None:
    """Tell something to a room, or to one person in it, once the transaction is committed.

    Until then nobody else tells that room anything: so the ids of its events are in the order in which
    they can be read, and a browser that resumes after one of them misses none.

    Args:
        session: the transaction.
        room_id: the room.
        kind: the name of the event.
        data: what is told, as JSON-ready data.
        user_id: who is told; None for all in the room.
        job_id: the job that it is about, for whoever waits for that.
    """
    await hold(session, room_id)
    row = {"room_id": room_id, "user_id": user_id, "type": kind, "data": dict(data)}
    await session.execute(insert(Event).values(row))
    await session.execute(select(func.pg_notify(CHANNEL, json.dumps({"room": room_id, "job": job_id}))))
