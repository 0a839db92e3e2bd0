"""Rows that are old go, the others stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_plane.database import Database
from control_plane.housekeeping import Housekeeping

if TYPE_CHECKING:
    from tests.support.postgres_server import PostgresServer


async def test_what_is_older_than_a_day_goes(postgres: PostgresServer) -> None:
    for age in ("23 hours", "25 hours"):
        postgres.query(
            "INSERT INTO events (room_id, type, data, created_at)"
            " VALUES ('r', 'job', '{}', now() - %s::interval)",
            age,
        )
        postgres.query(
            "INSERT INTO idempotency_keys (owner, key, fingerprint, created_at)"
            " VALUES ('o', %s, '', now() - %s::interval)",
            age,
            age,
        )
    database = Database(postgres.url)
    await Housekeeping(database).clean_up()
    await database.close()
    assert postgres.query("SELECT count(*) FROM events") == [(1,)]
    assert postgres.query("SELECT key FROM idempotency_keys") == [("23 hours",)]
