"""The control plane as a test speaks to it: its application, its tokens, and rooms to be in."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey

from control_plane.application import create_app
from control_plane.server import configured
from control_plane.settings import ControlPlaneSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from fastapi import FastAPI

SECRET = "a-secret-for-tests-of-32-characters-or-more"
PROBLEM = {"title": "Two sum", "description": "Return the two numbers that add up to a target."}


def api_environment(
    database_url: str, redis_url: str = "redis://127.0.0.1:1/0", **more: str
) -> dict[str, str]:
    """Return the environment of a service under test."""
    return {
        "APP_ENV": "test",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "JWT_SECRET": SECRET,
        **more,
    }


def token(user: str, *, scope: str = "", secret: str = SECRET, **claims: Any) -> str:
    """Return a token that holds for a minute."""
    payload = {"sub": user, "scope": scope, "exp": int(time.time()) + 60, **claims}
    return jwt.encode(
        {"alg": "HS256"}, {k: v for k, v in payload.items() if v is not None}, OctKey.import_key(secret)
    )


class Api:
    """A service, spoken to as several callers."""

    def __init__(self, client: httpx2.AsyncClient, app: FastAPI) -> None:
        self.client = client
        self.app = app

    async def call(
        self, method: str, path: str, body: Any = None, *, user: str | None = "ada", **options: Any
    ) -> httpx2.Response:
        """Call a route as a user; ``service`` is the platform, None is nobody."""
        headers: Mapping[str, str] = options.pop("headers", {})
        if user is not None:
            scope = "service" if user == "service" else ""
            headers = {"Authorization": f"Bearer {token(user, scope=scope)}", **headers}
        if body is not None:
            options["json"] = body
        return await self.client.request(method, path, headers=headers, **options)

    def stream(
        self, path: str, *, user: str, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[httpx2.Response]:
        """Begin a GET whose answer is read as it comes."""
        signed = {"Authorization": f"Bearer {token(user)}", **headers}
        return self.client.stream("GET", path, headers=signed)

    async def told(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Call a route as the platform, which must succeed, and return the answer."""
        response = await self.call(method, path, body, user="service", **options)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def asked(self, room: str, what: str, body: Any, **options: Any) -> str:
        """Ask for something, which must be accepted, and return the job's id."""
        response = await self.call("POST", f"/rooms/{room}/ai/{what}", body, **options)
        assert response.status_code == 202, response.text
        return str(response.json()["jobId"])

    async def ended(self, room: str, job_id: str, *, what: str = "", user: str = "ada") -> Any:
        """Return how a job has ended, once it has."""
        kind, _, _ = job_id.partition("-")
        what = what or {"interview": "message", "transcribe": "voice"}.get(kind, kind)
        while True:
            path = f"/rooms/{room}/ai/{what}/{job_id}?wait=25"
            response = await self.call("GET", path, user=user)
            assert response.status_code == 200, response.text
            if response.json()["status"] in {"completed", "failed"}:
                return response.json()

    async def room(
        self,
        *,
        mode: str = "ai",
        language: str = "python",
        problem: Mapping[str, str] = PROBLEM,
        **people: str,
    ) -> str:
        """Open a room with people in it by their roles, and return its id."""
        stated = await self.told("POST", "/problems", problem)
        made = {"problemId": stated["id"], "mode": mode, "language": language}
        room = await self.told("POST", "/rooms", made)
        for user, role in (people or {"ada": "candidate"}).items():
            await self.told("POST", f"/rooms/{room['id']}/participants", {"userId": user, "role": role})
        return str(room["id"])


@asynccontextmanager
async def serving(env: Mapping[str, str], **replaced: Any) -> AsyncIterator[tuple[Api, FastAPI]]:
    """Run an application in this process, and speak to it without a socket."""
    app = create_app(ControlPlaneSettings.load(env), **replaced)
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://api.test") as client,
    ):
        yield Api(client, app), app


@asynccontextmanager
async def listening(app: FastAPI, api: Api) -> AsyncIterator[str]:
    """Let an application that runs in this process listen on a socket, and have ``api`` speak to that."""
    server = uvicorn.Server(configured(app, "127.0.0.1", 0, grace=10, lifespan=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 -- uvicorn has a flag and no event
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    direct, api.client = api.client, httpx2.AsyncClient(base_url=url, timeout=30)
    try:
        yield url
    finally:
        await api.client.aclose()
        api.client = direct
        server.should_exit = True
        await serving
