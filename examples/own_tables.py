"""The control plane on a team's own tables: the four hooks, replaced.

The team has sessions, members, editor snapshots and test runs already, and tells the service nothing. Start
it with ``uvicorn --factory own_tables:app`` and the environment that docs/control-plane.md describes.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from control_plane.application import create_app
from control_plane.history import read_history
from control_plane.hooks import CodeFacts, HistoryFacts, RoomFacts
from control_plane.settings import ControlPlaneSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncSession

TABLES = (
    (
        "CREATE TABLE team_sessions (id text PRIMARY KEY, with_ai boolean, ended boolean, lang text,"
        " task_name text, task_text text)"
    ),
    "CREATE TABLE team_members (session_id text, person text, is_candidate boolean)",
    "CREATE TABLE team_snapshots (session_id text, person text, content text, taken_at timestamptz)",
    "CREATE TABLE team_test_runs (session_id text, person text, passed int, total int, ran_at timestamptz)",
)
"""The team's tables."""


class OurTables:
    """The four hooks over the team's tables. What was said and hinted the service keeps itself."""

    async def load_room(self, session: AsyncSession, room_id: str) -> RoomFacts | None:
        """Read a session as a room."""
        found = (
            await session.execute(text("SELECT * FROM team_sessions WHERE id = :id"), {"id": room_id})
        ).one_or_none()
        if found is None:
            return None
        members = await session.execute(
            text("SELECT person, is_candidate FROM team_members WHERE session_id = :id"), {"id": room_id}
        )
        roles = {person: "candidate" if candidate else "observer" for person, candidate in members}
        return RoomFacts(
            id=found.id,
            mode="ai" if found.with_ai else "peer",
            state="finished" if found.ended else "active",
            language=found.lang,
            problem_title=found.task_name,
            problem_description=found.task_text,
            roles=MappingProxyType(roles),
        )

    async def load_code(self, session: AsyncSession, room: RoomFacts, user_id: str) -> CodeFacts | None:
        """Read the latest snapshot of somebody's editor."""
        row = await self._latest(session, "content FROM team_snapshots", "taken_at", room, user_id)
        return CodeFacts(row.content) if row else None

    async def load_last_run(
        self, session: AsyncSession, room: RoomFacts, user_id: str
    ) -> Mapping[str, Any] | None:
        """Read the latest run of somebody's code."""
        row = await self._latest(session, "passed, total FROM team_test_runs", "ran_at", room, user_id)
        return {"passedTestCases": row.passed, "totalTestCases": row.total} if row else None

    async def load_history(self, session: AsyncSession, room: RoomFacts, user_id: str) -> HistoryFacts:
        """Read what went before where the service keeps it."""
        return await read_history(session, room.id, user_id)

    async def _latest(
        self, session: AsyncSession, what: str, when: str, room: RoomFacts, user_id: str
    ) -> Any:
        statement = (
            f"SELECT {what} WHERE session_id = :room AND person = :person ORDER BY {when} DESC LIMIT 1"
        )
        rows = await session.execute(text(statement), {"room": room.id, "person": user_id})
        return rows.one_or_none()


def app() -> FastAPI:
    """Make the application."""
    return create_app(ControlPlaneSettings.load(), hooks=OurTables())
