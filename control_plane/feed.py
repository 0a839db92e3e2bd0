"""Feed of a room's events: where a stream of them begins, and what comes after one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, or_, select

from control_plane.events import everything_told
from control_plane.messages import show
from control_plane.tables import Event, Message

if TYPE_CHECKING:
    from control_plane.access import Visit
    from control_plane.audio_store import AudioStore
    from control_plane.services import Services

PAGE: Final = 100
"""Events that are read at once."""


@dataclass(frozen=True, slots=True)
class Start:
    """Beginning of a stream.

    Attributes:
        after: the event that it begins after.
        resumed: whether everything follows that was told after the event that was seen last. If not, what
            was told before is to be read elsewhere.
    """

    after: int
    resumed: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it goes out."""

    id: int
    type: str
    data: dict[str, Any]


async def begin(here: Services, room_id: str, seen: int | None) -> Start:
    """Find out where a stream begins.

    An id that is too old, or that was never given, cannot be resumed after: what followed it is not all kept.

    Args:
        here: the services.
        room_id: the room.
        seen: the event that was seen last, if any was.
    """
    async with here.database.transaction() as session:
        await everything_told(session, room_id)
        oldest, newest = (await session.execute(select(func.min(Event.id), func.max(Event.id)))).one()
    if seen is not None and newest is not None and oldest - 1 <= seen <= newest:
        return Start(seen, resumed=True)
    return Start(newest or 0, resumed=False)


async def read_after(here: Services, visit: Visit, last: int) -> list[Told]:
    """Read what the room or the caller was told after an event: :data:`PAGE` of it, the oldest first."""
    for_caller = or_(Event.user_id.is_(None), Event.user_id == visit.caller.id)
    turn = and_(Event.type == "message", Message.id == Event.data["messageId"].as_string())
    rows = (
        select(Event, Message)
        .outerjoin(Message, turn)
        .where(Event.room_id == visit.room.id, Event.id > last, for_caller)
        .order_by(Event.id)
        .limit(PAGE)
    )
    async with here.database.statements() as session:
        told = (await session.execute(rows)).all()
    return [Told(event.id, event.type, _data(event, message, here.audio)) for event, message in told]


def _data(event: Event, message: Message | None, audio: AudioStore | None) -> dict[str, Any]:
    """Return what an event tells: a message as it is shown now, everything else as it was written."""
    if message is None:
        return event.data
    return show(message, audio).model_dump(mode="json", by_alias=True, exclude_none=True)
