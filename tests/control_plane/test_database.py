"""The database as the service uses it: connections that broke, and what is told at a transaction's end."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from control_plane import database as module
from control_plane.database import Database
from control_plane.errors import UnavailableError
from control_plane.events import publish
from control_plane.tables import Event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.postgres_server import PostgresServer


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[Database]:
    database = Database(postgres.url)
    yield database
    await database.close()


@asynccontextmanager
async def both(database: Database) -> AsyncIterator[None]:
    """Use two connections at once, so that the pool has as many."""
    async with database.transaction() as one, database.statements() as other:
        await one.execute(text("SELECT 1"))
        await other.execute(text("SELECT 1"))
        yield


async def test_connections_that_broke_while_they_rested_are_made_anew(
    database: Database, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RESTED_SECONDS", 0.0)
    async with both(database):
        pass
    postgres.restart()
    async with both(database):
        pass


async def test_a_connection_that_broke_a_moment_ago_costs_one_request(
    database: Database, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RESTED_SECONDS", 3_600.0)
    async with both(database):
        pass
    postgres.restart()
    with pytest.raises(UnavailableError):
        async with both(database):
            pass
    async with both(database):
        pass


async def test_what_is_told_is_written_in_its_order_at_the_end_and_only_if_it_counts(
    database: Database,
) -> None:
    async def told() -> list[int]:
        async with database.statements() as session:
            rows = await session.scalars(select(Event).order_by(Event.id))
            return [event.data["number"] for event in rows]

    async with database.transaction() as session:
        for number in range(5):
            user = "ada" if number % 2 else None
            publish(session, f"room-{number % 3}", "note", {"number": number}, user_id=user)
        assert await told() == []
    assert await told() == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as session:
            publish(session, "room-0", "note", {"number": 1 // 0})
    assert await told() == [0, 1, 2, 3, 4]
