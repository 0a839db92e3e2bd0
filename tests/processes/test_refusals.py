"""A Redis that refuses is no Redis that is away: a start ends, and what runs says it by name and tries on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interop.payloads import KINDS
from tests.support.jobs import Queue
from tests.support.processes import Plane, Process, await_ready
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.provider import FakeProvider

HINT = KINDS["hint"]
ROLES = ("bridge", "hint")


class User:
    """A user of a Redis, whose rights are given and taken."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self.url = server.url.replace("//", "//plane:hunter2@")
        self.may("reset", "on", ">hunter2", "~*", "allchannels", "+@all")

    def may(self, *rules: str) -> None:
        """Change its rights; connections that it may no longer have are closed by Redis."""
        self._server.client.execute_command("ACL", "SETUSER", "plane", *rules)


@pytest.fixture
def user(redis_server: RedisServer) -> User:
    return User(redis_server)


def health(plane: Plane, role: str) -> str:
    with Process("health", ["aiplane", "health", role], env=plane.env) as process:
        process.wait()
        return process.tail()


def await_health(plane: Plane, role: str, words: str) -> None:
    for _ in range(60):
        if words in (last := health(plane, role)):
            return
    raise AssertionError(f"health never said {words!r}, but: {last}")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (["-evalsha"], "REDIS_URL: Redis refuses scripts over the keys bull:* (NOPERM: command evalsha)"),
        (["resetpass", ">other"], "REDIS_URL: Redis refuses (WRONGPASS"),
    ],
)
def test_a_start_ends_with_the_setting_that_is_refused(
    user: User, provider: FakeProvider, role: str, rules: list[str], words: str
) -> None:
    user.may(*rules)
    plane = Plane(user.url, provider.base_url)
    with plane.start(role) as process:
        assert process.wait() == 1
        assert words in process.tail()
        assert "Traceback" not in process.tail()
        assert "hunter2" not in process.tail()


@pytest.mark.parametrize("role", ROLES)
def test_a_redis_that_may_neither_be_named_to_nor_asked_about_itself_serves(
    user: User, provider: FakeProvider, role: str
) -> None:
    user.may("-client", "-info")
    plane = Plane(user.url, provider.base_url)
    with plane.start(role) as process:
        await_ready(process)


def test_in_production_a_redis_that_cannot_be_examined_is_refused(user: User, provider: FakeProvider) -> None:
    user.may("-info")
    plane = Plane(user.url, provider.base_url, env={"APP_ENV": "production"})
    with plane.start("bridge") as bridge:
        assert bridge.wait() == 1
        assert "cannot be examined" in bridge.tail()
        assert "REDIS_ACCEPT_DATA_LOSS" in bridge.tail()


@pytest.fixture
def plane(user: User, provider: FakeProvider) -> Iterator[Plane]:
    with Plane(user.url, provider.base_url, kinds=["hint"]) as running:
        yield running


async def test_rights_that_are_taken_away_and_given_back(
    redis_server: RedisServer, user: User, plane: Plane
) -> None:
    user.may("resetchannels")
    plane.bridge.wait_for_log(r"outcome subscription lost: Redis refuses \(NOPERM: channel\)")
    plane.pools["hint"].wait_for_log(r"CELERY_BROKER_URL: Redis refuses \(NOPERM: channel\)")
    for role in ROLES:
        await_health(plane, role, "cannot do its work: Redis refuses (NOPERM: channel)")
    user.may("allchannels", "-evalsha")
    for role in ROLES:
        await_health(plane, role, "was renewed")
        await_health(plane, role, "Redis refuses scripts over the keys bull:* (NOPERM: command evalsha)")
    user.may("+@all")
    for role in ROLES:
        await_health(plane, role, "serves")
    async with Queue(redis_server.url, HINT.queue) as queue:
        await queue.event(await queue.add(dict(HINT.payload)), "completed")


def test_a_password_that_is_changed(user: User, plane: Plane, redis_server: RedisServer) -> None:
    user.may("resetpass", ">other")
    for client in redis_server.client.client_list():
        if client["user"] == "plane":
            redis_server.client.client_kill_filter(_id=client["id"])
    for process in (plane.bridge, plane.pools["hint"]):
        process.wait_for_log(r"Redis refuses \(WRONGPASS: [^)]*\); the lease waits")
    assert "Redis refuses (WRONGPASS" in health(plane, "bridge")
    user.may(">hunter2")
    for role in ROLES:
        await_health(plane, role, "serves")
        assert "hunter2" not in plane.bridge.tail(1000) + plane.pools["hint"].tail(1000)


def test_a_pool_that_finds_no_broker_waits_for_it_at_each_step(
    redis_server: RedisServer, provider: FakeProvider
) -> None:
    with RedisServer() as broker:
        broker.kill()
        plane = Plane(redis_server.url, provider.base_url, env={"CELERY_BROKER_URL": broker.url})
        with plane.start("hint") as pool:
            pool.wait_for_log(r"CELERY_BROKER_URL: Redis does not answer \(ConnectionError\); the pool waits")
            broker.start()
            # It greets the other pools first, and waits a second for their answers.
            pool.wait_for_log("mingle: searching")
            broker.kill()
            pool.wait_for_log("CELERY_BROKER_URL: Redis does not answer .*; messages wait")
            broker.start()
            await_ready(pool)
