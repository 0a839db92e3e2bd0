"""Gauges of the service, read from another thread than the service's loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from redis.exceptions import ConnectionError as RedisConnectionError

from control_plane import gauges
from control_plane.errors import UnavailableError
from control_plane.gauges import Gauges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from control_plane.database import Database


class Away:
    """A database that is away."""

    def transaction(self) -> Any:
        raise UnavailableError("away", retry_after=1)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    yield reader
    provider.shutdown()


def collected(reader: InMemoryMetricReader) -> dict[str, float]:
    """Collect, and return what there is by the name of the metric."""
    data = reader.get_metrics_data()
    found = {}
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    found[metric.name] = point.value  # type: ignore[union-attr]
    return found


async def lag() -> Mapping[str, int]:
    return {"ai.generate-hint.results": 40}


async def test_what_is_away_is_left_out_and_nothing_else(reader: InMemoryMetricReader) -> None:
    async with Gauges(cast("Database", Away()), lag):
        assert await asyncio.to_thread(collected, reader) == {"ai.api.results_oldest_ms": 40}


async def test_no_number_is_told_when_everything_is_away(reader: InMemoryMetricReader) -> None:
    async def broken() -> Mapping[str, int]:
        raise RedisConnectionError

    async with Gauges(cast("Database", Away()), broken):
        assert await asyncio.to_thread(collected, reader) == {}


async def test_what_hangs_is_not_waited_for(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hanging() -> Mapping[str, int]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(gauges, "PATIENCE", 0.05)
    async with Gauges(cast("Database", Away()), hanging), asyncio.timeout(5):
        assert await asyncio.to_thread(collected, reader) == {}


async def test_whoever_collects_in_the_loop_itself_does_not_stop_it(reader: InMemoryMetricReader) -> None:
    async with Gauges(cast("Database", Away()), lag):
        assert collected(reader) == {}


async def test_nothing_is_told_after_the_end(reader: InMemoryMetricReader) -> None:
    async with Gauges(cast("Database", Away()), lag):
        pass
    assert await asyncio.to_thread(collected, reader) == {}
