"""What a Redis refuses is found before the first job, on every kind of server, and told by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis

from aiplane.operations.trials import try_all, try_one
from aiplane.redis.clients import connect, connect_thread
from aiplane.redis.preflight import examine
from aiplane.settings import Settings
from tests.support.redis_kinds import KINDS, program_of
from tests.support.redis_server import RedisServer
from tests.support.tls import TlsRedis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERYWHERE = ("REDIS_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND")


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    with RedisServer(program_of(request.param)) as running:
        yield running


@pytest.fixture(scope="module")
def narrow() -> Iterator[RedisServer]:
    """A server whose administrator has renamed what some hosts rename."""
    with RedisServer(settings={"rename-command": "BZPOPMIN ", "databases": "2"}) as running:
        yield running


def user(server: RedisServer, *rules: str) -> Settings:
    """Make a user that may do everything but what the rules take, and return its settings."""
    server.client.execute_command("ACL", "DELUSER", "plane")
    server.client.execute_command(
        "ACL", "SETUSER", "plane", "on", ">hunter2", "~*", "allchannels", "+@all", *rules
    )
    return settings(server.url.replace("//", "//plane:hunter2@"))


def settings(url: str, **env: str) -> Settings:
    return Settings.load({"REDIS_URL": url, **env})


def sentences(told: Settings) -> str:
    return "\n".join(complaint.sentence for complaint in try_all(told, EVERYWHERE))


def test_a_redis_that_lets_us_has_nothing_left_of_the_trial(server: RedisServer) -> None:
    assert sentences(user(server)) == ""
    assert server.client.keys("*") == []


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (["-evalsha"], "REDIS_URL: Redis refuses scripts over the keys bull:* (NOPERM: command evalsha)"),
        (["-hsetnx", "-zpopmin"], "(NOPERM: command hsetnx, NOPERM: command zpopmin)"),
        (["-bzpopmin"], "REDIS_URL: Redis refuses waiting for jobs (bull:*) (NOPERM: command bzpopmin)"),
        (["-brpop"], "CELERY_BROKER_URL: Redis refuses waiting for messages"),
        (
            ["-publish"],
            "refuses the channel aiplane:bull:outcomes (NOPERM: command publish)",
        ),
        (["-setex"], "CELERY_RESULT_BACKEND: Redis refuses results of tasks"),
        (
            ["resetkeys", "~bull:*"],
            "refuses scripts over the keys aiplane:bull:* (NOPERM: key)",
        ),
        (["resetkeys", "~aiplane:*"], "REDIS_URL: Redis refuses scripts over the keys bull:* (NOPERM: key)"),
        (["resetchannels"], "REDIS_URL: Redis refuses the channel aiplane:bull:outcomes (NOPERM: channel)"),
        (
            ["resetchannels", "&aiplane:bull:*"],
            "CELERY_BROKER_URL: Redis refuses the channel aiplane:bull:celery:/0.celery.pidbox",
        ),
        (["off"], "REDIS_URL: Redis refuses (WRONGPASS: the user or the password is wrong)"),
    ],
)
def test_what_a_user_may_not_do_is_named(server: RedisServer, rules: list[str], words: str) -> None:
    said = sentences(user(server, *rules))
    assert words in said
    assert "hunter2" not in said
    assert server.client.keys("*") == []


def test_what_lets_nobody_in_is_said_once(narrow: RedisServer) -> None:
    assert sentences(settings(narrow.url[:-1] + "9")) == (
        "REDIS_URL: Redis refuses (DB index is out of range): choose another number."
    )


def test_a_command_that_was_renamed_is_named(narrow: RedisServer) -> None:
    assert "unknown command BZPOPMIN" in sentences(settings(narrow.url))


def test_each_setting_is_tried_where_it_leads(server: RedisServer, narrow: RedisServer) -> None:
    elsewhere = settings(server.url, CELERY_BROKER_URL=narrow.url[:-1] + "7")
    assert sentences(elsewhere).startswith("CELERY_BROKER_URL: Redis refuses (DB index")


def test_a_broker_that_is_away_can_be_passed_over(server: RedisServer) -> None:
    without = settings(server.url, CELERY_BROKER_URL="redis://127.0.0.1:9/0")
    assert try_all(without, ("REDIS_URL",), ("CELERY_BROKER_URL",)) == []
    with pytest.raises(redis.ConnectionError):
        try_all(without, ("REDIS_URL", "CELERY_BROKER_URL"))


def test_tls_that_plain_text_answers_is_told_apart(server: RedisServer) -> None:
    secured = settings(server.url.replace("redis://", "rediss://"))
    (complaint,) = try_one(secured, "REDIS_URL")
    assert "TLS was asked of a server that speaks plain text" in complaint.sentence


def test_plain_text_that_tls_answers_is_told_apart(server: RedisServer, tmp_path: Path) -> None:
    with TlsRedis(server.url, tmp_path) as tls:
        plain = settings(f"redis://127.0.0.1:{tls.port}/0")
        (complaint,) = try_one(plain, "REDIS_URL")
    assert "it speaks TLS, and was spoken to in plain text" in complaint.sentence


@pytest.mark.parametrize(("prefix", "refused"), [("bull", True), ("{bull}", False)])
def test_a_cluster_of_one_shard_serves_a_prefix_in_braces(prefix: str, refused: bool) -> None:
    with RedisServer(settings={"cluster-enabled": "yes"}) as cluster:
        cluster.client.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
        while "cluster_state:ok" not in str(cluster.client.execute_command("CLUSTER", "INFO")):
            continue
        said = sentences(settings(cluster.url, BULLMQ_PREFIX=prefix))
    assert ("CROSSSLOT" in said and "BULLMQ_PREFIX in braces" in said) is refused
    assert bool(said) is refused


@pytest.mark.parametrize("rules", [["-client"], ["-client", "+client|list"]])
async def test_a_connection_needs_no_name(server: RedisServer, rules: list[str]) -> None:
    told = user(server, *rules)
    async with connect(told.redis_url, name="aiplane:test") as client:
        assert await client.ping()
    with connect_thread(told.redis_url, name="aiplane:test") as client:
        assert client.ping()


async def test_a_connection_has_a_name_where_it_may(server: RedisServer) -> None:
    async with connect(user(server).redis_url, name="aiplane:test") as client:
        assert await client.client_getname() == "aiplane:test"
    with connect_thread(user(server).redis_url, name="aiplane:thread") as client:
        assert client.client_getname() == "aiplane:thread"


async def test_a_redis_that_does_not_tell_of_itself_may_lose_jobs(server: RedisServer) -> None:
    async with connect(user(server, "-info").redis_url) as client:
        (finding,) = await examine(client)
    assert finding.loses_jobs
    assert "cannot be examined" in finding.sentence
