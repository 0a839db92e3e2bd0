"""The control plane on one machine: its service, and a PostgreSQL where ``DATABASE_URL`` names none."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from aiplane.cli.local.child import NotReadyError, Program
from aiplane.cli.local.private_postgres import USUAL_PORT, database_url, private_postgres
from aiplane.cli.local.private_redis import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from aiplane.cli.local.supervisor import Supervisor

COMMAND: Final = "python -m control_plane"
USUAL_API_PORT: Final = 8080
GRACE: Final = 15.0
"""Seconds that the service gets to answer what is open."""

_MIGRATE_SECONDS: Final = 60.0
_MODULES: Final = ("fastapi", "uvicorn", "sqlalchemy", "psycopg", "alembic", "joserfc", "control_plane")


def is_installed() -> bool:
    """True if the service can run here: it is an extra, ``aiplane[control-plane]``."""
    return all(find_spec(module) for module in _MODULES)


async def with_database(
    supervisor: Supervisor, env: Mapping[str, str], directory: Path, write: Callable[[str, str], None]
) -> Mapping[str, str]:
    """Return the environment of the service, once there is a database to serve from.

    Args:
        supervisor: starts the database, where it is ours.
        env: the environment that was given.
        directory: where a database of ours keeps its data.
        write: takes a program's name and a line of its output.

    Raises:
        NoPostgresServerError: no database is given, and there is none to start.
        NotReadyError: it does not serve, or its tables cannot be made.
    """
    env = dict(env)
    if not env.get("DATABASE_URL", "").strip():
        port = free_port(USUAL_PORT)
        await supervisor.start([private_postgres(directory, port)], _MIGRATE_SECONDS)
        env["DATABASE_URL"] = database_url(directory, port)
        await _migrate(env | _keys(env, directory), write)
    env |= _keys(env, directory)
    if not env.get("API_PORT", "").strip():
        env["API_PORT"] = str(free_port(USUAL_API_PORT))
    return env


def service(command: tuple[str, ...], env: Mapping[str, str], grace: float) -> Program:
    """Describe the service."""
    return Program(name="api", command=command, ready="control plane is ready", grace=grace, env=env)


def _keys(env: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Return the secret of this machine's tokens, where no other is given. It stays the same."""
    if any(env.get(name, "").strip() for name in ("JWT_SECRET", "JWT_JWKS")):
        return {}
    kept = directory / "jwt-secret"
    if not kept.exists():
        directory.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(48), "utf-8")
    return {"JWT_SECRET": kept.read_text("utf-8")}


async def _migrate(env: Mapping[str, str], write: Callable[[str, str], None]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "control_plane", "migrate"),
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _MIGRATE_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise NotReadyError("migrate", f"did not end within {_MIGRATE_SECONDS:g} s") from None
    for line in output.decode(errors="replace").splitlines():
        write("migrate", line)
    if process.returncode != os.EX_OK:
        raise NotReadyError("migrate", f"ended with status {process.returncode}")
