"""``aiplane health`` as a probe runs it: of processes that serve, are frozen, killed, or without a Redis."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import Plane, Process, await_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def plane(redis_server: RedisServer, provider: FakeProvider) -> Iterator[Plane]:
    """A bridge and one pool."""
    with Plane(redis_server.url, provider.base_url, kinds=["hint"]) as running:
        yield running


def probe(plane: Plane, *arguments: str) -> tuple[int, str]:
    """Run a probe, and return its exit status and its one line."""
    with Process("health", ["aiplane", "health", *arguments], env=plane.env) as process:
        status = process.wait()
        [line] = process.lines
        return status, line


def await_probe(plane: Plane, role: str, status: int) -> str:
    """Probe until the exit status is the one that is expected, and return the line."""
    end = time.monotonic() + 30
    while True:
        found, line = probe(plane, role)
        if found == status:
            return line
        assert time.monotonic() < end, line


def test_what_serves_is_well(plane: Plane) -> None:
    assert "serves: lease renewed" in await_probe(plane, "bridge", 0)
    assert "serves: 5 slots, lease renewed" in await_probe(plane, "hint", 0)


def test_what_is_not_there_is_ill(plane: Plane) -> None:
    status, line = probe(plane, "review")
    assert (status, line) == (1, "review: no process of that role is known on this host.")
    status, line = probe(plane, "hint", "--node", "hint@elsewhere")
    assert (status, line) == (1, "hint: no process of that role is known as hint@elsewhere.")


def test_a_frozen_bridge_is_ill_until_it_goes_on(plane: Plane) -> None:
    plane.bridge.stop()
    try:
        assert "was renewed" in await_probe(plane, "bridge", 1)
        assert probe(plane, "hint")[0] == 0
    finally:
        plane.bridge.cont()
    await_probe(plane, "bridge", 0)


def test_a_frozen_redis_is_told_in_time(plane: Plane, redis_server: RedisServer) -> None:
    redis_server.stop()
    try:
        for role in ("bridge", "hint"):
            status, line = probe(plane, role, "--timeout", "0.5")
            assert (status, line) == (1, f"{role}: Redis does not answer.")
    finally:
        redis_server.cont()
    await_probe(plane, "bridge", 0)
    await_probe(plane, "hint", 0)


def test_a_killed_pool_is_ill_and_its_successor_well(plane: Plane) -> None:
    plane.pools["hint"].kill()
    assert "was renewed" in await_probe(plane, "hint", 1)
    successor = plane.start("hint")
    await_ready(successor)
    await_probe(plane, "hint", 0)
    successor.terminate()
    assert successor.wait() == 0
    # The former life's lease is all that is left.
    assert "was renewed" in await_probe(plane, "hint", 1)


def test_a_redis_that_is_not_there_is_told(plane: Plane) -> None:
    with Process(
        "health", ["aiplane", "health", "bridge"], env=plane.env | {"REDIS_URL": "redis://127.0.0.1:1"}
    ) as process:
        assert process.wait() == 1
        assert process.lines == ["bridge: Redis cannot be used (ConnectionError)."]
