"""The whole plane with the least rights that the guide lists, on every kind of Redis and a narrow bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interop.payloads import KINDS
from tests.support.amazon import ListingForbidden
from tests.support.jobs import Queue
from tests.support.processes import Plane, Process
from tests.support.redis_kinds import KINDS as SERVERS
from tests.support.redis_kinds import program_of
from tests.support.redis_server import RedisServer
from tests.support.rights import can_go, rule
from tests.support.s3 import NARROW_KEY, S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.provider import FakeProvider

CLIENT_AND_INFO_REFUSED = "redis 6.2 without CLIENT and INFO"
RENAMED = "redis 6.2 where CLIENT and INFO were renamed"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(scope="module")
def bucket(s3: S3Server) -> Iterator[dict[str, str]]:
    """The settings of a bucket in which one may put, get and remove, and not list."""
    with ListingForbidden(s3.url) as endpoint:
        yield s3.env | {"S3_ENDPOINT": endpoint.url, "S3_ACCESS_KEY": NARROW_KEY}


# The commands that are gone are refused in both of the last two; `make faults` starts the second plane, too.
@pytest.fixture(params=[*SERVERS, CLIENT_AND_INFO_REFUSED, pytest.param(RENAMED, marks=pytest.mark.slow)])
def server(request: pytest.FixtureRequest) -> Iterator[tuple[RedisServer, str]]:
    """A server, and the URL of its user with the least rights."""
    kind = request.param
    renamed = {"rename-command": "CLIENT  --rename-command INFO "} if kind == RENAMED else {}
    with RedisServer(program_of(kind if kind in SERVERS else "redis 6.2"), renamed) as running:
        words = [word for word in rule() if kind in SERVERS or not can_go(word)]
        running.client.execute_command("ACL", "SETUSER", "aiplane", *words)
        yield running, running.url.replace("//", "//aiplane:hunter2@")


def output(plane: Plane, *command: str) -> str:
    with Process(command[0], command, env=plane.env | {"COLUMNS": "200"}) as process:
        assert process.wait() == 0, process.tail()
        return "\n".join(process.lines)


async def test_everything_works(
    server: tuple[RedisServer, str], bucket: dict[str, str], provider: FakeProvider
) -> None:
    redis_server, url = server
    env = bucket | {"TTS_PROVIDER": "openai", "STT_PROVIDER": "openai"}
    with Plane(url, provider.base_url, env=env) as plane:
        for kind in KINDS.values():
            async with Queue(redis_server.url, kind.queue) as queue:
                done = await queue.event(await queue.add(dict(kind.payload)), "completed")
                assert kind.queue != "ai.interview-response" or "audioUrl" in done["returnvalue"]
        assert "hint@" in output(plane, "celery", "-A", "aiplane", "queues")
        assert "hint@" in output(plane, "celery", "-A", "aiplane", "status")
        assert "completed" in output(plane, "celery", "-A", "aiplane", "job", "hint", "1")
        assert "ai.generate-hint.dlq" in output(plane, "aiplane", "audit")
        table = output(plane, "aiplane", "doctor")
        assert "wrong" not in table
        said = [line for each in (plane.bridge, *plane.pools.values()) for line in each.lines]
    # But for the one thing that a user need not be allowed.
    assert not [line for line in said if "refuses" in line and "cannot be examined" not in line]
