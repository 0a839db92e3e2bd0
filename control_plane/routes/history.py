"""Route of a room's conversation, page by page."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from sqlalchemy import literal, select, tuple_

from control_plane import cursor as cursors
from control_plane.access import Entry, Visit
from control_plane.bodies import Body
from control_plane.messages import ShownMessage, show
from control_plane.routes import refusals
from control_plane.services import Here  # noqa: TC001 - FastAPI reads it
from control_plane.tables import Message

router = APIRouter(tags=["ai"], prefix="/rooms/{roomId}/ai")

Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=cursors.LONGEST, description="The nextCursor of the page before.")
]
Order = Annotated[
    Literal["asc", "desc"], Query(description="The oldest first, or the newest. A cursor is for one order.")
]


class Pagination(Body):
    """The way on from a page.

    Attributes:
        next_cursor: where the next page begins; None on the last one.
    """

    next_cursor: str | None
    has_more: bool


class MessagePage(Body):
    """Some turns of a conversation."""

    data: list[ShownMessage]
    pagination: Pagination


@router.get("/messages", response_model=MessagePage, responses=refusals(400, 401, 403, 404))
async def list_messages(
    visit: Annotated[Visit, Depends(Entry("code:view"))],
    here: Here,
    cursor: Cursor = None,
    limit: Limit = 50,
    order: Order = "asc",
) -> Any:
    """List what was said in a room. What is said meanwhile neither repeats nor hides a row."""
    place = tuple_(Message.created_at, Message.id)
    rows = select(Message).where(Message.room_id == visit.room.id).limit(limit + 1)
    rows = rows.order_by(*(each.asc() if order == "asc" else each.desc() for each in place.clauses))
    if cursor is not None:
        moment, row_id = cursors.decode(cursor)
        last = tuple_(literal(moment), literal(row_id))
        rows = rows.where(place > last if order == "asc" else place < last)
    async with here.database.transaction() as session:
        found = (await session.scalars(rows)).all()
    page = found[:limit]
    more = len(found) > limit
    following = cursors.encode(page[-1].created_at, page[-1].id) if more else None
    return MessagePage(
        data=[show(each, here.audio) for each in page],
        pagination=Pagination(next_cursor=following, has_more=more),
    )
