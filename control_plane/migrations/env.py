"""Alembic's environment: one connection, one transaction, one process at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, text

from control_plane.database import connect_arguments
from control_plane.tables import Table

_LOCK = 0x61_69_70_6C_61_6E_65
"""Any number that nobody else locks: two processes that migrate at once do it one after the other."""


def _migrate() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        _run(given)
        return
    engine = create_engine(context.config.attributes["url"], connect_args=connect_arguments())
    with engine.begin() as connection:
        # A migration may take longer than any request.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _run(connection)
    engine.dispose()


def _run(connection: object) -> None:
    context.configure(connection=connection, target_metadata=Table.metadata, compare_type=True)  # type: ignore[arg-type]  # Alembic hands it on untyped
    with context.begin_transaction():
        context.run_migrations()


_migrate()
