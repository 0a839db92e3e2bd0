"""A Redis that is reached by TLS: everything that connects to it checks its certificate, and works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.interop.payloads import KINDS
from tests.support.jobs import Queue
from tests.support.processes import Plane
from tests.support.tls import TlsRedis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer

HINT = KINDS["hint"]


@pytest.fixture
def tls(redis_server: RedisServer, tmp_path: Path) -> Iterator[TlsRedis]:
    with TlsRedis(redis_server.url, tmp_path) as serving:
        yield serving


async def test_a_job_is_answered_by_a_plane_that_reaches_its_redis_by_tls(
    redis_server: RedisServer, tls: TlsRedis, provider: FakeProvider
) -> None:
    with Plane(tls.url, provider.base_url, kinds=["hint"]) as plane:
        async with Queue(redis_server.url, HINT.queue) as queue:
            job = await queue.add(dict(HINT.payload))
            await queue.event(job, "completed")
        assert "insecure" not in plane.pools["hint"].tail(1_000)

    assert tls.accepted > 5


@pytest.mark.parametrize("line", ["bridge", "hint"])
def test_nothing_is_said_to_a_redis_whose_certificate_nobody_knows(
    redis_server: RedisServer, tls: TlsRedis, provider: FakeProvider, line: str
) -> None:
    plane = Plane(tls.strange_url, provider.base_url)
    process = plane.start(line)
    try:
        assert process.wait() == 1
        assert "REDIS_URL: Redis refuses (the host's certificate is not trusted)" in process.tail()
        assert "Traceback" not in process.tail()
        assert tls.accepted == 0
    finally:
        plane.kill()
