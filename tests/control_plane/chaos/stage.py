"""Real processes of a run: two services, two bridges, a pool of each kind, PostgreSQL and Redis."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from aiplane.cli.private_redis import free_port
from tests.control_plane.chaos.plan import Blow
from tests.support.api import api_environment
from tests.support.postgres_server import PostgresServer
from tests.support.processes import Plane, Process, await_ready
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiplane.queues import Kind

KINDS: tuple[Kind, ...] = ("hint", "review", "interview")
LIMIT = 10_000
"""Of each rate limit, in a day: what is asked here never reaches it, and all of it is counted."""

RESTART_AFTER = 0.5
"""Seconds until what was killed is started again, as a supervisor does."""

REDIS_AWAY = 2.0
STARTING = 180.0
"""Seconds in which everybody must serve: all start at once, on whatever machine this is."""

READY = r"control plane is ready at"


class Stage:
    """Everything that runs. Used as an async context manager, it serves inside the block.

    Attributes:
        urls: where the services listen; the same after a restart.
        kills: what was killed, and when, in seconds since the epoch.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._stack = AsyncExitStack()
        self.redis, self.postgres = RedisServer(), PostgresServer()
        self.kills: list[tuple[float, Blow, str]] = []

    async def __aenter__(self) -> Self:
        try:
            self._stack.enter_context(self.redis)
            self._stack.enter_context(self.postgres)
            self._plane = Plane(self.redis.url, "http://127.0.0.1:1", env={"LLM_PROVIDER": "offline"})
            self._stack.callback(self._plane.kill)
            ports = [free_port(), free_port()]
            self.urls = [f"http://127.0.0.1:{port}" for port in ports]
            self._services = {str(port): self._start_service(str(port)) for port in ports}
            self._stack.callback(self._end_services)
            self._bridges = {name: self._plane.start("bridge") for name in ("first", "second")}
            self._pools = {kind: self._plane.start(kind) for kind in KINDS}
            await asyncio.to_thread(self.await_all)
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def strike(self, blow: Blow) -> None:
        """Kill one of a kind, and bring it back."""
        strike: dict[Blow, Callable[[], Awaitable[str]]] = {
            Blow.SERVICE: lambda: self._kill(self._services, self._start_service),
            Blow.POOL: lambda: self._kill(self._pools, self._plane.start),
            Blow.BRIDGE: lambda: self._kill(self._bridges, lambda _: self._plane.start("bridge")),
            Blow.REDIS: self._kill_redis,
        }
        at = time.time()
        self.kills.append((at, blow, await strike[blow]()))

    async def _kill(self, members: dict[str, Process], start: Callable[[str], Process]) -> str:
        name = self._chance.choice([*members])
        await asyncio.to_thread(members[name].kill)
        await asyncio.sleep(RESTART_AFTER)
        members[name] = start(name)
        return name

    async def _kill_redis(self) -> str:
        await asyncio.to_thread(self.redis.kill)
        await asyncio.sleep(REDIS_AWAY)
        await asyncio.to_thread(self.redis.start)
        return f"for {REDIS_AWAY:g} s"

    def ended(self) -> list[str]:
        """Return who does not run though nobody killed it."""
        running = {"service": self._services, "bridge": self._bridges, "pool": self._pools}
        return [
            f"{line} {name} ended by itself:\n{process.tail(12)}"
            for line, members in running.items()
            for name, process in members.items()
            if not process.alive
        ]

    def _start_service(self, port: str) -> Process:
        limits = {f"RATE_LIMIT_{each}": f"{LIMIT}/86400" for each in ("HINTS", "MESSAGES", "REVIEWS")}
        more = {"API_PORT": port, "OLDEST_WAITING_SECONDS": "3600", "LOG_LEVEL": "info", **limits}
        env = self._plane.env | api_environment(self.postgres.url, self.redis.url, **more)
        return Process(f"service {port}", [sys.executable, "-m", "control_plane"], env=env)

    def _end_services(self) -> None:
        for process in self._services.values():
            process.kill()

    def await_all(self) -> None:
        """Wait until everybody serves."""
        for process in self._services.values():
            process.wait_for_log(READY, STARTING)
        for process in (*self._bridges.values(), *self._pools.values()):
            await_ready(process, STARTING)
