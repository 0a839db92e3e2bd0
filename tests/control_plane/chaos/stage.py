"""Real processes of a run: two services, two bridges, two pools a kind, PostgreSQL, Redis and a model."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from aiplane.cli.local.private_redis import free_port
from tests.control_plane.chaos.plan import Blow
from tests.support.api import api_environment
from tests.support.postgres_server import PostgresServer
from tests.support.processes import Plane, Process, await_ready
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.queues import Kind

KINDS: tuple[Kind, ...] = ("hint", "review", "interview")

RESTART_AFTER = 0.5
"""Seconds until what was killed is started again, as a supervisor does."""

REDIS_AWAY = 2.0
CAUTION = 5.0
"""Seconds from Redis' return until outcomes that waited for it are told."""

STARTING = 180.0
"""Seconds in which whoever was started must serve, on whatever machine this is."""

POOLS = {"INTERVIEW_CONCURRENCY": "6"}
"""Six of ten requests are messages."""

QUICK = {"BREAKER_OPEN_SECONDS": "2"}
"""Less than there is from one kill of Redis to the next."""

READY = r"control plane is ready at"
DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Kill:
    """One blow that fell: when, in seconds since the epoch, of what kind, and who it was."""

    at: float
    blow: Blow
    victim: str


class Stage:
    """Everything that runs. Used as an async context manager, it serves inside the block.

    Args:
        seed: decides on who is killed.
        limits: by route, how often a person may ask in a room, for as long as the run lasts.

    Attributes:
        urls: where the services listen; the same after a restart.
        kills: what was killed.
        outages: from when to when Redis was away, and a little more.
        calls: the model's ledger, a JSON line for each call's start and end.
    """

    def __init__(self, seed: int, limits: Mapping[str, int]) -> None:
        self._chance = random.Random(seed)
        self._limits = {f"RATE_LIMIT_{what.upper()}S": f"{limit}/{DAY}" for what, limit in limits.items()}
        self._stack = AsyncExitStack()
        self.redis, self.postgres = RedisServer(), PostgresServer()
        self.kills: list[Kill] = []
        self.outages: list[tuple[float, float]] = []
        self._members: dict[Blow, dict[str, Process]] = {}

    async def __aenter__(self) -> Self:
        try:
            self._stack.enter_context(self.redis)
            self._stack.enter_context(self.postgres)
            folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
            self.calls = folder / "calls.jsonl"
            self._plane = Plane(self.redis.url, self._start_model(), env=POOLS)
            self._stack.callback(self._plane.kill)
            ports = [free_port(), free_port()]
            self.urls = [f"http://127.0.0.1:{port}" for port in ports]
            self._stack.callback(self._end_services)
            pools = [f"{kind}-{number}" for kind in KINDS for number in (1, 2)]
            lines = {Blow.SERVICE: ports, Blow.BRIDGE: ("first", "second"), Blow.POOL: pools}
            for blow, names in lines.items():
                self._members[blow] = {name: self._start(blow, name) for name in map(str, names)}
            await asyncio.to_thread(self.await_all)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def strike(self, blow: Blow) -> None:
        """Kill one of a kind, and bring it back."""
        at = time.time()
        victim = await (self._kill_redis() if blow is Blow.REDIS else self._kill(blow))
        self.kills.append(Kill(at, blow, victim))

    async def _kill(self, blow: Blow) -> str:
        members = self._members[blow]
        name = self._chance.choice([*members])
        await asyncio.to_thread(members[name].kill)
        await asyncio.sleep(RESTART_AFTER)
        members[name] = self._start(blow, name)
        return name

    def _start(self, blow: Blow, name: str) -> Process:
        if blow is Blow.SERVICE:
            return self._start_service(name)
        if blow is Blow.BRIDGE:
            return self._plane.start("bridge")
        return self._plane.start(name.partition("-")[0], arguments=f"-n {name}@%h")

    async def _kill_redis(self) -> str:
        began = time.time()
        await asyncio.to_thread(self.redis.kill)
        await asyncio.sleep(REDIS_AWAY)
        await asyncio.to_thread(self.redis.start)
        # For a while after it nobody is believed, and connections are made anew.
        self.outages.append((began, time.time() + CAUTION))
        return ""

    def _start_model(self) -> str:
        command = [sys.executable, "-m", "tests.support.provider", "--log", str(self.calls)]
        model = self._stack.enter_context(Process("model", command, env=os.environ))
        return model.wait_for_log(r"provider is ready at (\S+)")[1]

    def ended(self) -> list[str]:
        """Return who does not run though nobody killed it."""
        return [
            f"{blow.value} {name} ended by itself:\n{process.tail(12)}"
            for blow, members in self._members.items()
            for name, process in members.items()
            if not process.alive
        ]

    def pool_kills(self, kind: Kind) -> list[float]:
        """Return when a pool of a kind was killed."""
        pools = (kill for kill in self.kills if kill.blow is Blow.POOL)
        return [kill.at for kill in pools if kill.victim.startswith(f"{kind}-")]

    def attempts_lost(self, queue: str, job_id: str) -> int:
        """Return how many attempts of a job ended with their pool, as BullMQ's record of it tells."""
        traces = json.loads(str(self.redis.client.hget(f"bull:{queue}:{job_id}", "stacktrace") or "[]"))
        return sum(trace.startswith("worker_lost") for trace in traces)

    def _start_service(self, port: str) -> Process:
        more = {"API_PORT": port, "LOG_LEVEL": "info", **QUICK, **self._limits}
        env = self._plane.env | api_environment(self.postgres.url, self.redis.url, **more)
        return Process(f"service {port}", [sys.executable, "-m", "control_plane"], env=env)

    def _end_services(self) -> None:
        for process in self._members.get(Blow.SERVICE, {}).values():
            process.kill()

    def await_all(self, *blows: Blow) -> None:
        """Wait until everybody serves who is hit by some kinds of blows, or by any."""
        for blow in blows or Blow:
            for process in [*self._members.get(blow, {}).values()]:
                if blow is Blow.SERVICE:
                    process.wait_for_log(READY, STARTING)
                else:
                    await_ready(process, STARTING)
