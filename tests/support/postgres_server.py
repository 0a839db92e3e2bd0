"""A private PostgreSQL for tests, which can be killed, frozen and brought back with its data."""

from __future__ import annotations

import os
import re
import signal
import tempfile
from pathlib import Path
from typing import Self

import psycopg

from aiplane.cli.local.private_postgres import database_url, private_postgres
from aiplane.cli.local.private_redis import free_port
from control_plane.schema import migrate
from tests.support.processes import Process


class PostgresServer:
    """A real ``postgres`` on a free port, with the service's tables in it.

    Used as a context manager, it answers inside the block; it and its data are gone after it.

    Attributes:
        port: where it listens, on 127.0.0.1; the same after a restart.
        url: what ``DATABASE_URL`` is set to.
    """

    def __init__(self, *, migrated: bool = True) -> None:
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="postgres-")
        self._migrated = migrated
        self._process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        self.url = database_url(Path(self._folder.name), self.port)
        if self._migrated:
            migrate(self.url)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self._folder.cleanup()

    @property
    def process(self) -> Process:
        assert self._process, "the server was never started"
        return self._process

    def start(self) -> None:
        """Start the server on its port, with whatever data its directory holds, and await its readiness."""
        # A process that is killed loses nothing that it has written; only the machine could.
        program = private_postgres(Path(self._folder.name), self.port, durable=False)
        self._process = Process("postgres", program.command, env=os.environ)
        self._process.wait_for_log(program.ready)

    def kill(self) -> None:
        """End the server with SIGKILL. What it has committed stays in its directory."""
        self.process.kill()

    def restart(self) -> None:
        """Kill the server if it still runs, and start it again with the same port and data."""
        self.process.kill()
        self.start()

    def stop(self) -> None:
        """Freeze the server: connections stay open and nothing answers."""
        # The postmaster first, so that nobody is born meanwhile.
        self.process.stop()
        for pid in self._backends():
            os.kill(pid, signal.SIGSTOP)

    def cont(self) -> None:
        """Let a frozen server go on."""
        for pid in (*self._backends(), self.process.pid):
            os.kill(pid, signal.SIGCONT)

    def _backends(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def query(self, statement: str, *arguments: object) -> list[tuple[object, ...]]:
        """Return the rows of a statement, for the test's own eyes."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement, arguments)  # type: ignore[arg-type]  # tests write them
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Remove every row."""
        tables = self.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = ", ".join(str(name) for (name,) in tables if name != "alembic_version")
        assert re.fullmatch(r"[a-z_, ]+", names)
        self.query(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
