"""Routes of a platform, by a service token: problems, rooms, people, code, runs, the end of a session."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, status
from pydantic import Field
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from aiplane.contracts import MAX_SAFE_INTEGER
from control_plane.access import Platform, RoomId, Somebody, find_room, no_such_room
from control_plane.bodies import CLEAN, NOT_BLANK, Body, Code, LanguageName, LanguageTag, Title, UserId
from control_plane.capabilities import Mode, Role  # noqa: TC001 - pydantic reads them
from control_plane.errors import ConflictError, ForbiddenError, NotFoundError
from control_plane.events import publish
from control_plane.idempotency import Key, once
from control_plane.routes import refusals
from control_plane.services import Here  # noqa: TC001 - FastAPI reads it
from control_plane.tables import CodeVersion, Execution, Participant, Problem, Room
from control_plane.tables.base import new_id

router = APIRouter(tags=["platform"])

Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]


class NewProblem(Body):
    """A problem that candidates work on."""

    title: Title
    description: Annotated[str, CLEAN, Field(min_length=1, max_length=120_000, pattern=NOT_BLANK)]
    difficulty: Literal["easy", "medium", "hard"] | None = None


class NewRoom(Body):
    """A session of one problem."""

    problem_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    mode: Mode
    language: LanguageName
    response_language: LanguageTag | None = None


class NewParticipant(Body):
    """Somebody who is in a room, and as what."""

    user_id: UserId
    role: Role


class NewCode(Body):
    """The code as it stands now. Without ``userId`` it is the one that all in the room share."""

    code: Code
    language: LanguageName | None = None
    user_id: UserId | None = None


class NewExecution(Body):
    """A run of somebody's code against the problem's test cases."""

    user_id: UserId
    status: Literal["pending", "running", "completed", "failed"] | None = None
    passed_test_cases: Count | None = None
    total_test_cases: Count | None = None
    failed_test_cases: Count | None = None
    error_test_cases: Count | None = None
    all_tests_passed: bool | None = None
    submitted_at: Annotated[str, Field(max_length=64, pattern=r"^[ -~]*$")] | None = None


class Made(Body):
    """A thing that was made."""

    id: str


class RoomState(Body):
    """A room and whether its session has ended."""

    id: str
    state: Literal["active", "finished"]


class RoomMade(RoomState):
    """A room that was made."""

    mode: Mode


class ParticipantMade(NewParticipant):
    """Somebody who is in a room now."""

    room_id: str


@router.post(
    "/problems",
    status_code=status.HTTP_201_CREATED,
    response_model=Made,
    responses=refusals(400, 401, 403, 409, 413),
)
async def add_problem(body: NewProblem, caller: Platform, here: Here, key: Key = None) -> Any:
    """Add a problem."""
    async with here.database.transaction() as session:
        call = await once(session, caller, "POST /problems", key, body)
        if call.answer is not None:
            return call.answer
        problem = Problem(
            id=new_id(), title=body.title, description=body.description, difficulty=body.difficulty
        )
        session.add(problem)
        return await call.keep(session, {"id": problem.id})


@router.post(
    "/rooms",
    status_code=status.HTTP_201_CREATED,
    response_model=RoomMade,
    responses=refusals(400, 401, 403, 404, 409, 413),
)
async def add_room(body: NewRoom, caller: Platform, here: Here, key: Key = None) -> Any:
    """Open a room for a session of one problem."""
    async with here.database.transaction() as session:
        call = await once(session, caller, "POST /rooms", key, body)
        if call.answer is not None:
            return call.answer
        if await session.get(Problem, body.problem_id) is None:
            raise NotFoundError("There is no such problem.")
        room = Room(id=new_id(), state="active", **body.model_dump())
        session.add(room)
        return await call.keep(session, {"id": room.id, "mode": room.mode, "state": room.state})


@router.post(
    "/rooms/{roomId}/participants",
    status_code=status.HTTP_201_CREATED,
    response_model=ParticipantMade,
    responses=refusals(400, 401, 403, 404, 413),
)
async def add_participant(room_id: RoomId, body: NewParticipant, _: Platform, here: Here) -> Any:
    """Let somebody into a room. Said again with another role, it is the new role that counts."""
    room = await find_room(here, room_id)
    row = {"room_id": room.id, **body.model_dump()}
    async with here.database.transaction() as session:
        await session.execute(
            insert(Participant)
            .values(row)
            .on_conflict_do_update(index_elements=["room_id", "user_id"], set_={"role": body.role})
        )
    return ParticipantMade(**row)


@router.put(
    "/rooms/{roomId}/code",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refusals(400, 401, 403, 404, 409, 413),
)
async def put_code(room_id: RoomId, body: NewCode, caller: Somebody, here: Here) -> None:
    """Say what the code in a room is now: the platform anybody's, a participant the own."""
    room = await find_room(here, room_id)
    owner = body.user_id
    if not caller.is_service:
        if (role := room.roles.get(caller.id)) is None:
            raise no_such_room()
        if not here.rules.allows(role, "code:edit") or owner not in (None, caller.id):
            raise ForbiddenError("You may write your own code only, and only in a role that has some.")
        owner = caller.id
    if room.state == "finished":
        raise ConflictError("The session has ended; its code stays as it was.", code="room_finished")
    row = {"code": body.code, "language": body.language, "updated_at": func.clock_timestamp()}
    async with here.database.transaction() as session:
        await session.execute(
            insert(CodeVersion)
            .values(room_id=room.id, user_id=owner or "", **row)
            .on_conflict_do_update(index_elements=["room_id", "user_id"], set_=row)
        )


@router.post(
    "/rooms/{roomId}/executions",
    status_code=status.HTTP_201_CREATED,
    response_model=Made,
    responses=refusals(400, 401, 403, 404, 409, 413),
)
async def add_execution(
    room_id: RoomId, body: NewExecution, caller: Platform, here: Here, key: Key = None
) -> Any:
    """Say how a run of somebody's code went."""
    room = await find_room(here, room_id)
    async with here.database.transaction() as session:
        call = await once(session, caller, f"POST /rooms/{room.id}/executions", key, body)
        if call.answer is not None:
            return call.answer
        summary = body.model_dump(by_alias=True, exclude_none=True, exclude={"user_id"})
        execution = Execution(id=new_id(), room_id=room.id, user_id=body.user_id, summary=summary)
        session.add(execution)
        return await call.keep(session, {"id": execution.id})


@router.post("/rooms/{roomId}/finish", response_model=RoomState, responses=refusals(400, 401, 403, 404, 413))
async def finish_room(room_id: RoomId, _: Platform, here: Here) -> Any:
    """End a session. Said again, nothing more happens."""
    room = await find_room(here, room_id)
    async with here.database.transaction() as session:
        ended = await session.scalar(
            update(Room)
            .where(Room.id == room.id, Room.state == "active")
            .values(state="finished", finished_at=func.clock_timestamp())
            .returning(Room.id)
        )
        if ended is not None:
            publish(session, room.id, "room", {"state": "finished"})
    return RoomState(id=room.id, state="finished")
