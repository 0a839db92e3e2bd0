"""A job is active only once a slot is free for it: slots follow the pools that live."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.support.jobs import Queue
from tests.support.processes import Plane, Process, await_ready

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer


def held(case: str) -> dict[str, str]:
    """Return a job's data whose model does not answer before the case is released."""
    text = f"Add. [[case: {case}]] [[provider: hold]]"
    return {"problemDescription": text, "currentCode": "", "language": "python", "hintLevel": "gentle"}


@pytest.fixture(scope="module")
def plane(redis_server: RedisServer, provider: FakeProvider) -> Iterator[Plane]:
    """A bridge, and no pool yet."""
    with Plane(redis_server.url, provider.base_url, kinds=[]) as running:
        yield running


@pytest.fixture
async def queue(redis_server: RedisServer) -> AsyncIterator[Queue]:
    async with Queue(redis_server.url, "ai.generate-hint") as queue:
        yield queue


async def test_as_many_jobs_are_active_as_there_are_slots(
    plane: Plane, queue: Queue, provider: FakeProvider
) -> None:
    jobs = [await queue.add(held("as-many")) for _ in range(20)]
    # A job of another kind goes through the same loop, so by its end the hints were considered as well.
    assert await most_active(queue, seconds=2) == 0
    assert [await queue.state(job) for job in jobs] == ["waiting"] * 20

    first = pool(plane, "one")
    assert await most_active(queue, until=5) == 5
    second = pool(plane, "two")
    assert await most_active(queue, until=10) == 10
    provider.release("as-many")
    await asyncio.gather(*(queue.event(job, "completed") for job in jobs))
    for process in (first, second):
        process.terminate()
        assert process.wait() == 0


async def test_slots_can_be_added_and_removed_while_a_pool_runs(
    plane: Plane, queue: Queue, provider: FakeProvider
) -> None:
    process = pool(plane, "one", arguments="-c 1")
    for _ in range(3):
        await queue.add(held("before"))
    after = [await queue.add(held("after")) for _ in range(3)]
    assert await most_active(queue, until=1) == 1
    control(plane, "pool_grow", "2")
    assert await most_active(queue, until=3) == 3
    control(plane, "pool_shrink", "2")
    provider.release("before")
    await queue.event(after[0], "active")
    assert await most_active(queue, seconds=2.5) == 1
    provider.release("after")
    await asyncio.gather(*(queue.event(job, "completed") for job in after))
    process.terminate()
    assert process.wait() == 0


def pool(plane: Plane, name: str, *, arguments: str = "") -> Process:
    process = plane.start("hint", arguments=f"-n {name}@%h {arguments}")
    await_ready(process)
    return process


def control(plane: Plane, *command: str) -> None:
    line = ["celery", "-A", "aiplane", "control", "--timeout", "1", *command]
    with Process("control", line, env=plane.env) as process:
        assert process.wait() == 0, process.tail()


async def most_active(queue: Queue, *, seconds: float = 20, until: int | None = None) -> int:
    """Return the most jobs that were active at once, over so many seconds or until there are so many.

    What is reached stays reached, so an excess over ``until`` is looked for a moment longer.
    """
    most, end = 0, asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        most = max(most, await queue.active())
        if most == until:
            end, until = min(end, asyncio.get_running_loop().time() + 0.5), None
        await asyncio.sleep(0.02)
    return most
