"""The number of connections that each process takes, as the guide writes it down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.interop.payloads import KINDS
from tests.support.jobs import Queue
from tests.support.processes import REPOSITORY, Plane, Process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer

HINT = KINDS["hint"]
SLOTS = 5


def documented() -> dict[str, tuple[int, int]]:
    """Return what the guide says of each process: at rest, and at most with these slots."""
    text = (REPOSITORY / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| (bridge|pool) \| (\d+) \| (\d+)( \+ slots)? \|", text, re.MULTILINE)
    return {name: (int(rest), int(most) + (SLOTS if slots else 0)) for name, rest, most, slots in rows}


def connections(process: Process, server: RedisServer) -> int:
    leader = psutil.Process(process.pid)
    every = (each.net_connections("tcp") for each in (leader, *leader.children(recursive=True)))
    return sum(
        bool(each.raddr) and each.raddr.port == server.port and each.status == "ESTABLISHED"
        for found in every
        for each in found
    )


@pytest.fixture(scope="module")
def plane(redis_server: RedisServer, provider: FakeProvider) -> Iterator[Plane]:
    with Plane(redis_server.url, provider.base_url, kinds=["hint"], env={"METRICS_PORT": "0"}) as running:
        yield running


async def test_each_process_takes_as_many_as_the_guide_says(plane: Plane, redis_server: RedisServer) -> None:
    processes = {"bridge": plane.bridge, "pool": plane.pools["hint"]}
    at_rest = {name: connections(process, redis_server) for name, process in processes.items()}
    most = dict(at_rest)
    async with Queue(redis_server.url, HINT.queue) as queue:
        jobs = [await queue.add(dict(HINT.payload)) for _ in range(40)]
        for job in jobs:
            await queue.event(job, "completed")
            for name, process in processes.items():
                most[name] = max(most[name], connections(process, redis_server))
    for name, (rest, bound) in documented().items():
        # One of them is made when it is first needed.
        assert rest - 1 <= at_rest[name] <= rest, (at_rest, most)
        assert most[name] <= bound, (at_rest, most)
    assert documented().keys() == processes.keys()
