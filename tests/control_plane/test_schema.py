"""The database's tables: forward and back with data in them, and a start that refuses what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic import command

from control_plane.database import Database, sqlalchemy_url
from control_plane.schema import SchemaError, _config, check_schema, migrate
from tests.support.api import Api, api_environment, serving
from tests.support.postgres_server import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def empty() -> Iterator[PostgresServer]:
    with PostgresServer(migrated=False) as server:
        yield server


async def check(url: str) -> None:
    database = Database(url)
    try:
        await check_schema(database)
    finally:
        await database.close()


async def test_forward_and_back_and_forward_again(empty: PostgresServer) -> None:
    with pytest.raises(SchemaError, match="migrate"):
        await check(empty.url)
    migrate(empty.url)
    await check(empty.url)
    async with serving(api_environment(empty.url)) as (api, _):
        await Api.room(api)
    empty.query(
        "INSERT INTO jobs (id, kind, asked, counts, room_id, user_id, about, state)"
        " VALUES ('hint-1', 'hint', 'hint', true, 'room', 'ada', NULL, 'queued')"
    )
    migrate(empty.url, to="0003")
    migrate(empty.url)
    assert empty.query("SELECT id, about FROM jobs") == [("hint-1", "ada")]
    migrate(empty.url, to="base")
    assert empty.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [
        ("alembic_version",)
    ]
    with pytest.raises(SchemaError, match="behind"):
        await check(empty.url)
    # Whoever mounts it starts it without ``python -m control_plane``.
    with pytest.raises(SchemaError, match="behind"):
        async with serving(api_environment(empty.url)):
            pass
    migrate(empty.url)
    await check(empty.url)


def test_the_migrations_make_what_the_code_describes(postgres: PostgresServer) -> None:
    config = _config()
    config.attributes["url"] = sqlalchemy_url(postgres.url)
    command.check(config)


async def test_a_newer_database_is_not_started_with(empty: PostgresServer) -> None:
    migrate(empty.url)
    empty.query("UPDATE alembic_version SET version_num = 'later'")
    with pytest.raises(SchemaError, match="newer"):
        await check(empty.url)


async def test_a_database_that_cannot_be_reached_is_said_without_its_address() -> None:
    with pytest.raises(SchemaError, match="cannot be reached") as refused:
        await check("postgresql://someone:password@127.0.0.1:1/db")
    assert "someone" not in str(refused.value)
