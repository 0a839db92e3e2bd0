"""Events for browsers: written in the transaction of what they tell, and rung for once that counts.

They are written at the transaction's end, all in one statement: so nobody is kept from telling a room
something for longer than that, and a request with three events waits for the database once.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select

from control_plane.tables import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

CHANNEL: Final = "aiplane_events"
"""The channel of ``NOTIFY``."""

_LOCKS: Final = 1
"""The first half of the advisory locks of rooms' events; limits have another."""

_UNTOLD: Final = "events"
_HELD: Final = "rooms held"
"""What a session keeps until its transaction ends: the events to write, and the rooms whose lock it has."""


async def hold(session: AsyncSession, room_id: str) -> None:
    """Let nobody else tell a room anything until the transaction ends."""
    held: set[str] = session.info.setdefault(_HELD, set())
    if room_id not in held:
        await session.execute(select(func.pg_advisory_xact_lock(_LOCKS, func.hashtext(room_id))))
        held.add(room_id)


async def everything_told(session: AsyncSession, room_id: str) -> None:
    """Wait until everything can be read that has an id already; until the transaction ends nothing gets one.

    What has been told to other rooms since does not matter: its ids are none of this one's.
    """
    await session.execute(select(func.pg_advisory_xact_lock_shared(_LOCKS, func.hashtext(room_id))))


def publish(
    session: AsyncSession,
    room_id: str,
    kind: str,
    data: Mapping[str, Any],
    *,
    user_id: str | None = None,
    job_id: str = "",
) -> None:
    """Tell something to a room, or to one person in it, once the transaction is committed.

    Args:
        session: the transaction.
        room_id: the room.
        kind: the name of the event.
        data: what is told, as JSON-ready data.
        user_id: who is told; None for all in the room.
        job_id: the job that it is about, for whoever waits for that.
    """
    event = {"room_id": room_id, "user_id": user_id, "type": kind, "data": dict(data)}
    session.info.setdefault(_UNTOLD, []).append((event, job_id))


async def write_events(session: AsyncSession) -> None:
    """Write what is to be told. :class:`~control_plane.database.Database` does so before it commits.

    Until the transaction ends nobody else tells those rooms anything: so the ids of a room's events are in
    the order in which they can be read, and a browser that resumes after one of them misses none.
    """
    untold: list[tuple[dict[str, Any], str]] = session.info.pop(_UNTOLD, [])
    if not untold:
        return
    rooms = sorted({event["room_id"] for event, _ in untold})
    for room_id in rooms:
        await hold(session, room_id)
    topics = dict(enumerate([*rooms, *sorted({job_id for _, job_id in untold if job_id})]))
    # Each row rings, and PostgreSQL makes one notice of those that are alike.
    ring = func.pg_notify(CHANNEL, json.dumps(topics))
    alike = {"render_nulls": True}  # or those for one person are a statement of their own
    await session.execute(
        insert(Event).returning(ring), [event for event, _ in untold], execution_options=alike
    )
