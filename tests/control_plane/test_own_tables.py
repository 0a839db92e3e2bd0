"""The example of a team that has tables of its own."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

from tests.support.api import api_environment, serving
from tests.support.processes import REPOSITORY
from tests.support.stand_in import StandIn, living_pools

if TYPE_CHECKING:
    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer


def example() -> Any:
    spec = importlib.util.spec_from_file_location("own_tables", REPOSITORY / "examples" / "own_tables.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_a_hint_on_a_teams_own_tables(postgres: PostgresServer, redis_server: RedisServer) -> None:
    own = example()
    for statement in (
        *own.TABLES,
        "INSERT INTO team_sessions VALUES ('s1', true, false, 'go', 'Reverse', 'Reverse a list.')",
        "INSERT INTO team_members VALUES ('s1', 'ada', true), ('s1', 'eve', false)",
        (
            "INSERT INTO team_snapshots VALUES ('s1', 'ada', 'old', now() - interval '1 minute'),"
            " ('s1', 'ada', 'package main', now())"
        ),
        "INSERT INTO team_test_runs VALUES ('s1', 'ada', 1, 4, now())",
    ):
        postgres.query(statement)
    env = api_environment(postgres.url, redis_server.url)
    async with living_pools(redis_server.url), serving(env, hooks=own.OurTables()) as (api, _):
        job = await api.asked("s1", "hint", {"hintLevel": "gentle"})
        async with StandIn(redis_server.url) as worker:
            assert await worker.take() == job
            sent = json.loads(await worker.queue.data(job) or "")
            await worker.complete(job)
            assert (await api.ended("s1", job))["status"] == "completed"
        refused = await api.call("POST", "/rooms/s1/ai/hint", {"hintLevel": "gentle"}, user="eve")
    assert (sent["problemDescription"], sent["currentCode"], sent["language"]) == (
        "Reverse a list.",
        "package main",
        "go",
    )
    assert sent["latestExecutionSummary"] == {"passedTestCases": 1, "totalTestCases": 4}
    assert refused.status_code == 403
