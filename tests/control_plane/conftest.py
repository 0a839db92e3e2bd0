"""A PostgreSQL that the tests of one module share, and a service on it for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.api import Api, api_environment, serving
from tests.support.postgres_server import PostgresServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
async def api(postgres: PostgresServer) -> AsyncIterator[Api]:
    """A service without a Redis: enough for what a platform tells it."""
    async with serving(api_environment(postgres.url)) as (api, _):
        yield api
