"""The OpenAPI document is true: schemathesis asks a live service for everything that it describes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.api import api_environment, listening, serving, token
from tests.support.stand_in import living_pools

if TYPE_CHECKING:
    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))

UNTOLD = (
    # What a document cannot say: that a cursor has to be one of ours, and that a review needs some code.
    "positive_data_acceptance",
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("caller", ["service", "ada"])
async def test_the_document_is_true(
    postgres: PostgresServer, redis_server: RedisServer, caller: str, tmp_path: Path
) -> None:
    env = api_environment(postgres.url, redis_server.url, API_PREFIX="/api/v1", STT_PROVIDER="openai")
    async with living_pools(redis_server.url), serving(env) as (api, app), listening(app, api) as url:
        signed = token(caller, scope="service" if caller == "service" else "", exp=2**31)
        command = (
            *(SCHEMATHESIS, "run", f"{url}/api/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {signed}", "--exclude-checks", ",".join(UNTOLD)),
            # A stream has no end that could be waited for.
            *("--exclude-path", "/api/v1/rooms/{roomId}/ai/events", "--max-examples", "15"),
            *("--seed", "1", "--no-color", "--continue-on-failure", "--max-failures", "5"),
        )
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
