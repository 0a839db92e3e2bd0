"""Surroundings of one run of one contender: a Redis, a provider and a feeder of its own, all new."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import redis

from aiplane.cli.local.private_redis import free_port, private_redis
from bench.feeders import Feeder
from bench.monitor import monitored
from bench.program import Program
from bench.work import answers
from tests.support.node import ensure_node_modules
from tests.support.processes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from bench.monitor import Line


class Rig:
    """The surroundings of one run. Used as a context manager, all of it is gone after the block.

    Args:
        feeder: ``bullmq`` or ``celery``.
        delay: seconds until the provider answers.
    """

    def __init__(self, *, feeder: str, delay: float = 0.0) -> None:
        self.node = ensure_node_modules()
        self.programs: list[Program] = []
        self._directory = tempfile.TemporaryDirectory(prefix="bench-")
        self._folder = Path(self._directory.name)
        self._feeder = feeder
        self.delay = delay

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    @property
    def redis_url(self) -> str:
        """URL of the rig's Redis."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(
        self, name: str, command: Sequence[str], *, env: Mapping[str, str], talks: bool = False
    ) -> Program:
        """Start a process, which ends with this block."""
        log = self._folder / f"{name}.log"
        program = Program(name, command, env=env, cwd=REPOSITORY, log=log, talks=talks)
        self.programs.append(program)
        return program

    def clock(self) -> Clock:
        """Start to measure what all processes use."""
        return Clock(self)

    def commands(self) -> dict[str, int]:
        """Return how often each command was run so far, those within scripts included."""
        stats: dict[str, Any] = self.client.info("commandstats")
        return {name.removeprefix("cmdstat_"): value["calls"] for name, value in stats.items()}

    def monitor(self) -> AbstractContextManager[list[Line]]:
        """Gather what Redis is asked within a block."""
        return monitored(self.client)

    def origins(self, programs: Sequence[Program]) -> dict[str, str]:
        """Return the name of the process behind each of the addresses from which these speak to Redis."""
        return {f"127.0.0.1:{port}": program.name for program in programs for port in program.ports()}

    def _start(self) -> None:
        self.port = free_port()
        # Its default would end a MONITOR of a contender that sends nothing for five seconds.
        self.client = redis.Redis(
            port=self.port, decode_responses=True, client_name="bench", socket_timeout=600
        )
        server = private_redis(self._folder, self.port)
        self.redis = self.start("redis", server.command, env=os.environ)
        self.redis.wait_for(server.ready)
        spoken = self._folder / "answers.json"
        spoken.write_text(json.dumps(answers()))
        milliseconds = str(round(self.delay * 1000))
        command = [self.node, "bench/provider.mjs", milliseconds, str(spoken)]
        provider = self.start("provider", command, env=os.environ)
        port = provider.wait_for(r"listening on (\d+)")[1]
        self.provider_url = f"http://127.0.0.1:{port}/v1"
        self.feeder = Feeder(self._start_feeder())

    def _start_feeder(self) -> Program:
        if self._feeder == "bullmq":
            command = [self.node, "bench/feeders/bullmq.mjs", str(self.port)]
        else:
            command = [sys.executable, "-m", "bench.feeders.celery_tasks", self.redis_url]
        env = {**os.environ, "BENCH_REDIS": self.redis_url}
        return self.start("feeder", command, env=env, talks=True)

    def _stop(self) -> None:
        for program in reversed(self.programs):
            program.kill()
        self._directory.cleanup()


class Clock:
    """Stopwatch for what the processes of a rig use, from its making on."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._cpu = {program.name: program.cpu() for program in rig.programs}
        self._commands = rig.commands()
        self._began = time.monotonic()

    def read(self) -> dict[str, Any]:
        """Return the seconds since then, the CPU seconds of each process, and Redis' commands."""
        seconds = time.monotonic() - self._began
        commands = self._rig.commands()
        counted = {name: calls - self._commands.get(name, 0) for name, calls in commands.items()}
        cpu = {program.name: program.cpu() for program in self._rig.programs}
        return {
            "elapsed": round(seconds, 3),
            "cpu": {name: round(used - self._cpu.get(name, 0.0), 3) for name, used in cpu.items()},
            "commands": {name: calls for name, calls in sorted(counted.items()) if calls and name != "info"},
        }
