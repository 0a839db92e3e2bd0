"""A Redis and a stage for every fault: what one test breaks, the next must not find broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.stage import Stage, script_names
from tests.support.proxy import RedisProxy
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.provider import FakeProvider


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A private Redis for one test."""
    with RedisServer() as server:
        yield server


@pytest.fixture
async def stage(redis_server: RedisServer, provider: FakeProvider) -> AsyncIterator[Stage]:
    """A stage on which nothing runs yet but Redis and the provider. Some outages are longer than a minute."""
    async with Stage(redis_server, provider, env={"LLM_TIMEOUT_SECONDS": "120"}) as made:
        yield made


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[RedisProxy]:
    """A way to Redis that can be disturbed."""
    with RedisProxy(redis_server.url, script_names()) as made:
        yield made
