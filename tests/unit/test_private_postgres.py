"""A PostgreSQL of one's own: out of reach, behind a password, and a sentence where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aiplane.cli.local.child import NotReadyError
from aiplane.cli.local.private_postgres import NoPostgresServerError, database_url, private_postgres
from aiplane.cli.terminal.errors import explain
from aiplane.cli.terminal.statuses import NOT_STARTED

if TYPE_CHECKING:
    from pathlib import Path


def test_it_listens_for_this_machine_only_and_asks_for_its_password(tmp_path: Path) -> None:
    program = private_postgres(tmp_path, 7000)
    command = " ".join(program.command)
    for setting in ("listen_addresses=127.0.0.1", "port=7000", "fsync=on", "unix_socket_directories="):
        assert setting in command
    rules = (tmp_path / "data" / "pg_hba.conf").read_text().splitlines()
    ways = {line.split()[-1] for line in rules if line and not line.startswith("#")}
    assert ways == {"scram-sha-256"}
    password = (tmp_path / "password").read_text()
    assert len(password) >= 32
    assert (tmp_path / "password").stat().st_mode & 0o077 == 0
    assert database_url(tmp_path, 7000) == f"postgresql://aiplane:{password}@127.0.0.1:7000/postgres"


def test_what_is_there_is_used_again(tmp_path: Path) -> None:
    private_postgres(tmp_path, 7000)
    before = (tmp_path / "password").read_text()
    private_postgres(tmp_path, 7001)
    assert (tmp_path / "password").read_text() == before


def test_without_a_server_a_person_is_told_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("aiplane.cli.local.private_postgres.find_spec", lambda _: None)
    with pytest.raises(NoPostgresServerError) as missing:
        private_postgres(tmp_path, 7000)
    sentence, status = explain(missing.value)
    assert "set DATABASE_URL" in sentence
    assert status == NOT_STARTED


def test_a_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    program = tmp_path / "bin"
    program.mkdir()
    for name in ("postgres", "initdb"):
        (program / name).write_text("#!/bin/sh\nexit 1\n")
        (program / name).chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("aiplane.cli.local.private_postgres._programs", lambda: program)
        with pytest.raises(NotReadyError, match="data directory"):
            private_postgres(tmp_path, 7000)
