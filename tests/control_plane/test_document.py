"""The OpenAPI document is true: schemathesis asks a live service for everything that it describes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.api import PROBLEM, Api, api_environment, listening, serving, token
from tests.support.stand_in import living_pools

if TYPE_CHECKING:
    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))

UNTOLD = (
    # What a document cannot say: that a cursor has to be one of ours, and that a review needs some code.
    "positive_data_acceptance",
)

CONFIG = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 429, "5xx"]
"""
"""A body that is too large is refused as that, whatever else is wrong with it."""


@pytest.mark.parametrize("caller", ["service", "ada"])
async def test_the_document_is_true(
    postgres: PostgresServer, redis_server: RedisServer, caller: str, tmp_path: Path
) -> None:
    limits = {f"RATE_LIMIT_{each}": "10000/1" for each in ("HINTS", "MESSAGES", "VOICE", "REVIEWS")}
    more = {"API_PREFIX": "/api/v1", "STT_PROVIDER": "openai", "OLDEST_WAITING_SECONDS": "3600", **limits}
    env = api_environment(postgres.url, redis_server.url, **more)
    async with living_pools(redis_server.url), serving(env) as (api, app), listening(app, api) as url:
        signed = token(caller, scope="service" if caller == "service" else "", exp=2**31)
        room = await _room(api)
        config = tmp_path / "schemathesis.toml"
        # Nobody works here, so waiting for the end of a job would be waiting.
        config.write_text(f'{CONFIG}\n[parameters]\nroomId = "{room}"\nwait = 0\n')
        command = (
            *(SCHEMATHESIS, "--config-file", str(config), "run", f"{url}/api/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {signed}", "--exclude-checks", ",".join(UNTOLD)),
            # A stream has no end that could be waited for.
            *("--exclude-path", "/api/v1/rooms/{roomId}/ai/events", "--max-examples", "5"),
            *(
                "--request-timeout",
                "30",
                "--seed",
                "1",
                "--no-color",
                "--continue-on-failure",
                "--max-failures",
                "5",
            ),
        )
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def _room(api: Api) -> str:
    """Open a room in which the caller is a candidate, under the prefix."""
    problem = await api.told("POST", "/api/v1/problems", PROBLEM)
    body = {"problemId": problem["id"], "mode": "ai", "language": "python"}
    room = await api.told("POST", "/api/v1/rooms", body)
    member = {"userId": "ada", "role": "candidate"}
    await api.told("POST", f"/api/v1/rooms/{room['id']}/participants", member)
    return str(room["id"])
