"""Gauges of the service, read from another thread than the service's loop."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from types import SimpleNamespace
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
    from collections.abc import AsyncIterator, Iterator, Mapping

    from control_plane.database import Database


class Away:
    """A database that is away."""

    def transaction(self) -> Any:
        raise UnavailableError("away", retry_after=1)


class Present:
    """A database that answers: the breaker is open, and the older of three entries is two seconds old."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Present]:
        yield self

    async def scalar(self, _: object) -> int:
        return 1

    async def execute(self, _: object) -> SimpleNamespace:
        return SimpleNamespace(one=lambda: (3, 2))


ROWS = {"ai.api.breaker_open": 1, "ai.api.outbox_length": 3, "ai.api.outbox_oldest_ms": 2000}


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


async def test_a_redis_that_is_away_hides_nothing_of_the_database(reader: InMemoryMetricReader) -> None:
    async def broken() -> Mapping[str, int]:
        raise RedisConnectionError

    async with Gauges(cast("Database", Present()), broken):
        assert await asyncio.to_thread(collected, reader) == ROWS


async def test_what_hangs_is_not_waited_for_and_hides_nothing(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hanging() -> Mapping[str, int]:
        await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(gauges, "TIMEOUT_SECONDS", 0.05)
    async with Gauges(cast("Database", Present()), hanging), asyncio.timeout(5):
        assert await asyncio.to_thread(collected, reader) == ROWS


async def test_a_loop_that_is_stuck_does_not_keep_whoever_collects(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[dict[str, float]] = []
    collecting = threading.Thread(target=lambda: seen.append(collected(reader)), daemon=True)
    monkeypatch.setattr(gauges, "TIMEOUT_SECONDS", 0.05)
    async with Gauges(cast("Database", Present()), lag):
        collecting.start()
        collecting.join(10)  # in the loop, which turns no more until then
        assert seen == [{}]
    # What a reading raises is an error of ours to OpenTelemetry, and leaves the number out as well.
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


async def test_whoever_collects_in_the_loop_itself_does_not_stop_it(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gauges, "TIMEOUT_SECONDS", 5)
    async with Gauges(cast("Database", Present()), lag):
        began = time.monotonic()
        assert collected(reader) == {}
        assert time.monotonic() - began < gauges.TIMEOUT_SECONDS


async def test_nothing_is_told_after_the_end(reader: InMemoryMetricReader) -> None:
    async with Gauges(cast("Database", Away()), lag):
        pass
    assert await asyncio.to_thread(collected, reader) == {}
