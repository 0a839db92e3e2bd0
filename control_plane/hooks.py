"""The four hooks: what the service has to know of a room, from wherever a team keeps it.

The stand-alone ones read the tables of ``tables/platform.py`` and ``tables/conversation.py``. A team that has
rooms, code and runs already hands :func:`control_plane.application.create_app` an object with these methods.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import JSON, func, select

from control_plane.tables import CodeVersion, Execution, Participant, Problem, Room

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """A room, its problem, and who is in it.

    Attributes:
        id: the room's id; the session's as well.
        mode: ``ai`` or ``peer``.
        state: ``active`` or ``finished``.
        language: the programming language, unless a participant's code says otherwise.
        problem_title, problem_description: what is to be solved.
        roles: each participant's role by the user's id.
        response_language: the language that people there read, as a BCP-47 tag.
    """

    id: str
    mode: str
    state: str
    language: str
    problem_title: str = field(repr=False)
    problem_description: str = field(repr=False)
    roles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    response_language: str | None = None


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """Somebody's latest code."""

    code: str = field(repr=False)
    language: str | None = None


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """One turn of a conversation, oldest first in a row of them."""

    role: str
    content: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class HintFacts:
    """A hint that somebody was given."""

    hint: str = field(repr=False)
    level: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HistoryFacts:
    """History of this room, and of a person's earlier ones.

    Attributes:
        turns: the conversation, oldest first.
        hints: the hints that were given, oldest first.
        difficulty: the tier of the latest reply.
        weaknesses: what earlier sessions showed, as the wire's ``historicalWeaknesses``.
    """

    turns: tuple[TurnFacts, ...] = ()
    hints: tuple[HintFacts, ...] = ()
    difficulty: str | None = None
    weaknesses: tuple[Mapping[str, Any], ...] = ()


class Hooks(Protocol):
    """The place for a team's own tables.

    Each method is called within the request's transaction, and ``load_room`` before it begins as well.
    """

    async def load_room(self, session: AsyncSession, room_id: str) -> RoomFacts | None:
        """Return a room; None if there is none of that id."""

    async def load_code(self, session: AsyncSession, room: RoomFacts, user_id: str) -> CodeFacts | None:
        """Return somebody's latest code in a room: the own, else the shared one; None if there is none."""

    async def load_last_run(
        self, session: AsyncSession, room: RoomFacts, user_id: str
    ) -> Mapping[str, Any] | None:
        """Return the latest run of that code as the wire's ``ExecutionSummary``; None if there is none."""

    async def load_history(self, session: AsyncSession, room: RoomFacts, user_id: str) -> HistoryFacts:
        """Return what went before."""


class StandAlone:
    """The hooks over the service's own tables."""

    async def load_room(self, session: AsyncSession, room_id: str) -> RoomFacts | None:
        """Read a room, its problem and its participants."""
        roles = select(func.json_object_agg(Participant.user_id, Participant.role, type_=JSON)).where(
            Participant.room_id == room_id
        )
        found = (
            await session.execute(
                select(Room, Problem, roles.scalar_subquery())
                .join(Problem, Room.problem_id == Problem.id)
                .where(Room.id == room_id)
            )
        ).one_or_none()
        if found is None:
            return None
        room, problem, members = found
        return RoomFacts(
            id=room.id,
            mode=room.mode,
            state=room.state,
            language=room.language,
            problem_title=problem.title,
            problem_description=problem.description,
            roles=MappingProxyType(members or {}),
            response_language=room.response_language,
        )

    async def load_code(self, session: AsyncSession, room: RoomFacts, user_id: str) -> CodeFacts | None:
        """Read the latest code."""
        found = await session.scalar(
            select(CodeVersion)
            .where(CodeVersion.room_id == room.id, CodeVersion.user_id.in_((user_id, "")))
            .order_by(CodeVersion.user_id.desc())
            .limit(1)
        )
        return CodeFacts(found.code, found.language) if found else None

    async def load_last_run(
        self, session: AsyncSession, room: RoomFacts, user_id: str
    ) -> Mapping[str, Any] | None:
        """Read the latest run."""
        return await session.scalar(
            select(Execution.summary)
            .where(Execution.room_id == room.id, Execution.user_id == user_id)
            .order_by(Execution.created_at.desc())
            .limit(1)
        )

    async def load_history(self, session: AsyncSession, room: RoomFacts, user_id: str) -> HistoryFacts:
        """Read what went before."""
        from control_plane.history import read_history  # noqa: PLC0415 -- it knows these facts

        return await read_history(session, room.id, user_id)
