"""The control plane of a run, and a browser before it: a PostgreSQL, the service, rooms with their events."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx2

from aiplane.cli.local.private_postgres import database_url, private_postgres
from aiplane.cli.local.private_redis import free_port
from aiplane.context.cancellation import cancel
from tests.interop.payloads import KINDS as WIRE
from tests.support.api import api_environment, token
from tests.support.processes import plane_environment, procfile

if TYPE_CHECKING:
    from bench.rig import Rig

USER = "ada"
_CLAIMS = {"iss": "bench", "aud": "aiplane"}
_FOREVER = 2**31


class Service:
    """The service in production's settings, on a PostgreSQL that waits for the disk; and the framework alone.

    Used as a context manager, both serve inside the block; they are processes of the rig.

    Attributes:
        url: where the service listens.
        empty_url: where the framework alone does.
    """

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._directory = tempfile.TemporaryDirectory(prefix="bench-postgres-")

    def __enter__(self) -> Self:
        try:
            env = self._environment()
            migrate = self._rig.start("migrate", [sys.executable, "-m", "control_plane", "migrate"], env=env)
            migrate.wait_for("the database is at head")
            service = self._rig.start("api", procfile()["api"].split(), env=env)
            alone = [sys.executable, "-m", "bench.workers.empty_route"]
            empty = self._rig.start("framework", alone, env=os.environ)
            self.url = service.wait_for(r"control plane is ready at (http://[\d.:]+)")[1]
            self.empty_url = empty.wait_for(r"running on (http://[\d.:]+)")[1]
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _environment(self) -> dict[str, str]:
        folder, port = Path(self._directory.name), free_port()
        server = private_postgres(folder, port)
        self._postgres = self._rig.start("postgres", server.command, env=os.environ)
        self._postgres.wait_for(server.ready)
        ours = api_environment(database_url(folder, port), self._rig.redis_url, APP_ENV="production")
        tokens = {f"JWT_{name}": _CLAIMS[claim] for name, claim in (("ISSUER", "iss"), ("AUDIENCE", "aud"))}
        return {
            **plane_environment(self._rig.redis_url, self._rig.provider_url),
            **ours,
            **tokens,
            "API_PORT": "0",
            "LOG_FORMAT": "json",
        }

    def _stop(self) -> None:
        # PostgreSQL before its directory; the others are the rig's.
        if hasattr(self, "_postgres"):
            self._postgres.kill()
        self._directory.cleanup()


class Browser:
    """A candidate's browser, within an ``async with`` block."""

    def __init__(self, service: Service) -> None:
        bearer = {"Authorization": f"Bearer {token(USER, exp=_FOREVER, **_CLAIMS)}"}
        self.client = httpx2.AsyncClient(base_url=service.url, headers=bearer, timeout=60)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def enter(self) -> Room:
        """Have the platform open a room with the candidate in it, and enter it."""
        wire = WIRE["interview"].payload
        problem = {"title": "A problem", "description": wire["problemDescription"]}
        problem_id = (await self._told("/problems", problem))["id"]
        made = {"problemId": problem_id, "mode": "ai", "language": "python"}
        room_id = (await self._told("/rooms", made))["id"]
        await self._told(f"/rooms/{room_id}/participants", {"userId": USER, "role": "candidate"})
        return Room(self.client, room_id)

    async def _told(self, path: str, body: dict[str, str]) -> Any:
        bearer = {"Authorization": f"Bearer {token('platform', scope='service', **_CLAIMS)}"}
        answer = await self.client.post(path, json=body, headers=bearer)
        assert answer.is_success, answer.text
        return answer.json()


class Room:
    """A room, whose events are listened to within an ``async with`` block.

    Attributes:
        path: of its routes for what is asked.
    """

    def __init__(self, client: httpx2.AsyncClient, room_id: str) -> None:
        self._client = client
        self.path = f"/rooms/{room_id}/ai"
        self._replies: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
        self._listens = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._listening = asyncio.create_task(self._listen(), name="events of a room")
        async with asyncio.timeout(30):
            await self._listens.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        await cancel(self._listening)

    async def say(self, message: str, code: str) -> tuple[str, float, float]:
        """Say something; return the job, and the milliseconds until it was accepted and until the reply."""
        began = time.monotonic()
        answer = await self._client.post(f"{self.path}/message", json={"message": message, "code": code})
        accepted = time.monotonic()
        assert answer.status_code == 202, answer.text
        job_id = answer.json()["jobId"]
        async with asyncio.timeout(60):
            replied_to, replied = await self._replies.get()
        assert replied_to == job_id, "a reply to something else"
        return job_id, (accepted - began) * 1000, (replied - began) * 1000

    async def _listen(self) -> None:
        """Read the events; of a reply it is noted when it came."""
        kind = ""
        async with self._client.stream("GET", f"{self.path}/events") as events:
            async for line in events.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data" and kind == "ready":
                    self._listens.set()
                elif name == "data" and kind == "message":
                    came, message = time.monotonic(), json.loads(value)
                    if message["role"] == "assistant":
                        self._replies.put_nowait((message["jobId"], came))
