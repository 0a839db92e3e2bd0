"""Route of a room's events, as they come."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Header
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from sqlalchemy import func, or_, select

from control_plane.access import Entry, Visit
from control_plane.bell import wait_until_rung
from control_plane.errors import ApiError
from control_plane.messages import show
from control_plane.routes import refusals
from control_plane.services import Here, Services  # noqa: TC001 - FastAPI reads it
from control_plane.tables import Event, Message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from control_plane.audio_store import AudioStore

router = APIRouter(tags=["ai"], prefix="/rooms/{roomId}/ai")

PAGE: Final = 100
"""Events that are read at once."""

PING_SECONDS: Final = 15.0
"""Seconds without an event after which a comment goes out: what stands between would take it for dead."""

LONGEST_SECONDS: Final = 600.0
"""Seconds after which a stream ends; a browser resumes, with a token that still holds."""

RETRY_MS: Final = 1_000

LastEventId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, le=2**63 - 1, description="The id of the last event that was seen."),
]


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "The events."},
        **refusals(400, 401, 403, 404),
    },
)
async def listen(
    visit: Annotated[Visit, Depends(Entry("room:listen"))], here: Here, last_event_id: LastEventId = None
) -> Any:
    """Tell what happens in a room: states of the caller's jobs, messages, what is left of limits.

    After ``Last-Event-ID`` nothing is missed for a day; without it the stream begins now.
    """
    last = await _newest(here, visit) if last_event_id is None else last_event_id
    # Not the framework's own class for it: that takes over the stream, and ends it on a first error.
    return StreamingResponse(
        _stream(here, visit, last), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


async def _stream(here: Services, visit: Visit, last: int) -> AsyncIterator[bytes]:
    until = asyncio.get_running_loop().time() + LONGEST_SECONDS
    yield format_sse_event(comment="welcome", retry=RETRY_MS)
    with here.bell.heard(visit.room.id) as rung:
        silent = 0.0
        while asyncio.get_running_loop().time() < until:
            try:
                events = await _after(here, visit, last)
            except ApiError:
                return  # the database is away; the browser resumes after the last that it saw
            for event, data in events:
                last = event.id
                yield format_sse_event(id=str(event.id), event=event.type, data_str=json.dumps(data))
            if len(events) == PAGE:
                continue
            began = asyncio.get_running_loop().time()
            await wait_until_rung(rung, PING_SECONDS)
            silent = 0.0 if events else silent + asyncio.get_running_loop().time() - began
            if silent >= PING_SECONDS:
                silent = 0.0
                yield format_sse_event(comment="still here")


async def _newest(here: Services, visit: Visit) -> int:
    async with here.database.transaction() as session:
        newest = await session.scalar(select(func.max(Event.id)).where(Event.room_id == visit.room.id))
    return newest or 0


async def _after(here: Services, visit: Visit, last: int) -> list[tuple[Event, dict[str, Any]]]:
    """Read what was told after an event, with the messages as they are shown now."""
    for_caller = or_(Event.user_id.is_(None), Event.user_id == visit.caller.id)
    rows = (
        select(Event)
        .where(Event.room_id == visit.room.id, Event.id > last, for_caller)
        .order_by(Event.id)
        .limit(PAGE)
    )
    async with here.database.transaction() as session:
        events = (await session.scalars(rows)).all()
        wanted = [event.data["messageId"] for event in events if event.type == "message"]
        messages: dict[str, Message] = {}
        if wanted:
            found = await session.scalars(select(Message).where(Message.id.in_(wanted)))
            messages = {each.id: each for each in found}
    return [(event, _data(event, messages, here.audio)) for event in events]


def _data(event: Event, messages: dict[str, Message], audio: AudioStore | None) -> dict[str, Any]:
    message = messages.get(event.data.get("messageId", ""))
    if message is None:
        return event.data
    return show(message, audio).model_dump(mode="json", by_alias=True, exclude_none=True)
