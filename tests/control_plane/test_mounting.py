"""Mounting into a team's own application, with the team's own way to know a caller."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx2
from fastapi import FastAPI

from control_plane.application import create_app
from control_plane.errors import UnauthenticatedError
from control_plane.identity import Caller
from control_plane.settings import OwnIdentitySettings
from tests.support.api import PROBLEM, api_environment
from tests.support.stand_in import StandIn, living_pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer


class Sessions:
    """A team's sessions, by a cookie; the platform is one of them."""

    async def caller(self, request: Request) -> Caller:
        user = request.cookies.get("session", "")
        if user not in {"ada", "platform"}:
            raise UnauthenticatedError("Sign in first.")
        return Caller(user, frozenset({"service"} if user == "platform" else ()))


async def test_it_serves_under_a_path_of_another_application(
    postgres: PostgresServer, redis_server: RedisServer
) -> None:
    settings = OwnIdentitySettings.load(api_environment(postgres.url, redis_server.url, JWT_SECRET=""))
    plane = create_app(settings, identity=Sessions())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with plane.router.lifespan_context(plane):
            yield

    app = FastAPI(lifespan=lifespan)
    app.mount("/interviews", plane)
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        living_pools(redis_server.url),
        StandIn(redis_server.url) as worker,
        httpx2.AsyncClient(transport=transport, base_url="http://team.test/interviews") as client,
    ):
        room = await room_of_ada(client)
        ada = {"Cookie": "session=ada"}
        asked = await client.post(f"/rooms/{room}/ai/hint", json={"hintLevel": "gentle"}, headers=ada)
        assert asked.status_code == 202
        job = asked.json()["jobId"]
        await worker.complete(await worker.take())
        path = f"/rooms/{room}/ai/hint/{job}?wait=25"
        assert (await client.get(path, headers=ada)).json()["status"] == "completed"
        stranger = await client.get(path, headers={"Cookie": "session=eve"})
        assert (stranger.status_code, stranger.json()["code"]) == (401, "unauthenticated")
        document = (await client.get("/openapi.json")).json()
        assert document["servers"] == [{"url": "/interviews"}]


async def room_of_ada(client: httpx2.AsyncClient) -> str:
    """Open a room with ada in it, as the platform."""
    platform = {"Cookie": "session=platform"}
    problem = await client.post("/problems", json=PROBLEM, headers=platform)
    body = {"problemId": problem.json()["id"], "mode": "ai", "language": "python"}
    room = str((await client.post("/rooms", json=body, headers=platform)).json()["id"])
    member = {"userId": "ada", "role": "candidate"}
    joined = await client.post(f"/rooms/{room}/participants", json=member, headers=platform)
    assert joined.status_code == 201
    return room
