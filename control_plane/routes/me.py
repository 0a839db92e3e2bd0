"""Routes of a person's own: weaknesses over sessions, and what is left of each limit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from control_plane import limits
from control_plane.access import Somebody, find_room, no_such_room
from control_plane.bodies import Body, Moment
from control_plane.routes import refusals
from control_plane.services import Here  # noqa: TC001 - FastAPI reads it
from control_plane.weaknesses import WeaknessRecord, weaknesses_of

router = APIRouter(tags=["me"], prefix="/users/me/ai")

MOST_SESSIONS = 20
"""Latest sessions that are told of one weakness; its frequency counts all."""


class SessionSeen(Body):
    """A session in which a weakness was seen."""

    session_id: str
    problem_title: str
    at: Moment


class ShownWeakness(Body):
    """Something that a person struggled with.

    Attributes:
        frequency: the sessions in which it was seen.
        trend: how the newer half of the latest six sessions compares with the older half.
    """

    category: str
    description: str
    frequency: int
    trend: Literal["improving", "stable", "worsening"]
    last_seen_at: Moment
    sessions: list[SessionSeen]


class Weaknesses(Body):
    """Everything that a person struggled with, the most frequent first."""

    data: list[ShownWeakness]


class Quota(Body):
    """Standing of one limit.

    Attributes:
        remaining: how many requests may come now.
        reset_at: when the next one may come, if none may now; else when all are back.
    """

    limit: int
    window_seconds: int
    remaining: int
    reset_at: Moment


class Quotas(Body):
    """Standing of each limit in one room."""

    room_id: str
    message: Quota
    voice: Quota
    hint: Quota
    review: Quota


@router.get("/weaknesses", response_model=Weaknesses, responses=refusals(401))
async def list_weaknesses(caller: Somebody, here: Here) -> Any:
    """List what the caller struggled with, in which sessions, and whether it gets better."""
    async with here.database.transaction() as session:
        records = await weaknesses_of(session, caller.id)
    return Weaknesses(data=[_shown(each) for each in records])


@router.get("/quota", response_model=Quotas, responses=refusals(400, 401, 404))
async def show_quota(
    caller: Somebody, here: Here, room_id: Annotated[str, Query(alias="roomId", max_length=64)]
) -> Any:
    """Show what is left of the caller's limits in a room, and until when."""
    room = await find_room(here, room_id)
    if caller.id not in room.roles:
        raise no_such_room()
    left: dict[str, Any] = {}
    async with here.database.transaction() as session:
        for asked in limits.ASKED:
            limit = limits.limit_of(here.settings, asked)
            quota = await limits.look(session, limit, asked, room.id, caller.id)
            left[asked] = Quota(
                limit=quota.limit,
                window_seconds=quota.window_seconds,
                remaining=quota.remaining,
                reset_at=quota.reset_at,
            )
    return Quotas(room_id=room.id, **left)


def _shown(record: WeaknessRecord) -> ShownWeakness:
    return ShownWeakness(
        category=record.category,
        description=record.description,
        frequency=len(record.sightings),
        trend=record.trend,
        last_seen_at=record.sightings[0].at,
        sessions=[
            SessionSeen(session_id=each.session_id, problem_title=each.problem_title, at=each.at)
            for each in record.sightings[:MOST_SESSIONS]
        ],
    )
