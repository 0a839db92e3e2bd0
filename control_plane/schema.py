"""The database's schema: at the revision of this version or not, and the migrations that bring it there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from control_plane.database import sqlalchemy_url

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from control_plane.database import Database


class SchemaError(Exception):
    """Database that the service does not start with. The message says why, and what to do."""


def migrate(url: str, *, to: str = "head") -> None:
    """Bring the database to a revision, forward or back.

    Args:
        url: the database's.
        to: a revision, ``head`` or ``base``.
    """
    config = _config()
    config.attributes["url"] = sqlalchemy_url(url)
    revisions = ScriptDirectory.from_config(config)
    if to != "base":
        command.upgrade(config, to)
    if to not in ("head", revisions.get_current_head()):
        # Whichever of the two has nothing to do does nothing.
        command.downgrade(config, to)


async def check_schema(database: Database) -> None:
    """See whether the database is where this version of the service wants it.

    Raises:
        SchemaError: it is behind, ahead, or away.
    """
    try:
        async with database.engine.connect() as connection:
            present = await connection.run_sync(_present)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        sentence = f"DATABASE_URL: PostgreSQL cannot be reached ({_reason(error)})."
        raise SchemaError(sentence) from error
    revisions = ScriptDirectory.from_config(_config())
    if present == revisions.get_current_head():
        return
    known = {revision.revision for revision in revisions.walk_revisions()}
    if present is not None and present not in known:
        raise SchemaError("The database is of a newer version than this service: start the newer one.")
    raise SchemaError("The database is behind this service: run `python -m control_plane migrate` first.")


def _present(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    return config


def _reason(error: BaseException) -> str:
    """Name what went wrong, without the words of the driver, which hold the address and the user."""
    return type(getattr(error, "orig", None) or error).__name__
