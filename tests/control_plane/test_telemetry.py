"""What a collector and a scrape see of a request: one trace from HTTP to the stored row, and every metric."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import urllib.request
from typing import TYPE_CHECKING

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from aiplane.telemetry.instruments import METRICS
from tests.support.api import Api, api_environment
from tests.support.otlp import Collector, Span
from tests.support.processes import Plane, Process
from tests.support.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECRET = "candidates-own-words"
HINTS = "ai.generate-hint"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as running:
        yield running


@pytest.fixture
def process(postgres: PostgresServer, redis_server: RedisServer, collector: Collector) -> Iterator[Process]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = min(int(probe.getsockname()[1]), 65_000)
    more = {"METRICS_PORT": str(port), "BREAKER_FAILURES": "1", "CALL_TIMEOUT_SECONDS": "0.5"}
    env = api_environment(postgres.url, redis_server.url, **more, **collector.env)
    whole = {**os.environ, "API_PORT": "0", "LOG_LEVEL": "info", "PYTHONUNBUFFERED": "1", **env}
    with Process("api", [sys.executable, "-m", "control_plane"], env=whole) as running:
        yield running


@pytest.fixture
async def api(process: Process) -> AsyncIterator[Api]:
    url = process.wait_for_log(r"control plane is ready at (http://\S+)")[1]
    async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
        yield Api(client, None)  # type: ignore[arg-type]  # its application is in the process


def scraped(process: Process) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """Return every sample of the control plane that a scrape shows: by name, then by labels."""
    port = process.wait_for_log(r"metrics can be scraped on port (\d+)")[1]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    samples: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.startswith("ai_api_") and not sample.name.endswith(("_bucket", "_sum")):
                samples.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return samples


async def until(process: Process, name: str, wanted: Callable[[float], bool], **labels: str) -> None:
    """Return as soon as a sample is as wanted."""
    async with asyncio.timeout(30):
        while True:
            samples = scraped(process)
            value = samples.get(name, {}).get(frozenset(labels.items()))
            if value is not None and wanted(value):
                return
            await asyncio.sleep(0.2)


async def test_a_hint_is_one_trace_from_the_browser_to_the_row(
    api: Api, redis_server: RedisServer, collector: Collector
) -> None:
    env = {"LLM_PROVIDER": "offline", **collector.env}
    with Plane(redis_server.url, "http://127.0.0.1:1", env=env, kinds=("hint",)):
        room = await api.room()
        asked = {"hintLevel": "gentle", "code": f"# {SECRET}"}
        job = await api.asked(room, "hint", asked, headers={"traceparent": CALLER})
        assert (await api.ended(room, job))["status"] == "completed"
        whole = ["POST /rooms/{roomId}/ai/hint", f"process {HINTS}", "run hint", "store hint result"]

        def spans() -> dict[str, Span]:
            return {span.name: span for span in collector.trace(CALLER.split("-")[1])}

        await asyncio.to_thread(collector.wait_for, lambda _: set(whole) <= set(spans()), f"trace of {job}")
    request, processed, run, stored = (spans()[name] for name in whole)
    assert request.parent_id == CALLER.split("-")[2]
    assert processed.parent_id == request.span_id
    assert run.parent_id == processed.span_id
    assert stored.parent_id == processed.span_id
    assert request.attributes["http.response.status_code"] == 202
    seen = repr(collector.spans) + repr(collector.lines) + repr(collector.metrics)
    assert SECRET not in seen
    assert room not in seen
    # One span a request, and none that the framework makes by itself.
    requests = [span for span in collector.trace(request.trace_id) if span.kind == "SERVER"]
    assert requests == [request]
    assert not [span for span in collector.spans if span.name.startswith("fastapi.")]


async def test_every_metric_of_the_control_plane_is_seen(
    api: Api, process: Process, redis_server: RedisServer, postgres: PostgresServer
) -> None:
    redis_server.client.flushall()
    room = await api.room()
    path = f"/rooms/{room}/ai/hint"
    hints = [await api.call("POST", path, {"hintLevel": "gentle"}) for _ in range(5)]
    assert [each.status_code for each in hints] == [202, 202, 202, 429, 429]
    await api.client.request("BREW", "/pot")

    samples = scraped(process)
    answers = samples["ai_api_duration_ms_count"]
    route = "/rooms/{roomId}/ai/hint"
    assert answers[labels(method="POST", route=route, status="202")] == 3
    assert answers[labels(method="POST", route=route, status="429")] == 2
    assert answers[labels(method="other", route="", status="404")] == 1
    assert samples["ai_api_limited_total"] == {labels(limit="hint"): 2}
    assert set(samples) | {"ai_api_refused_total"} == {
        metric.prometheus + ("_count" if metric.kind == "histogram" else "")
        for metric in METRICS.values()
        if metric.name.startswith("ai.api.")
    }

    await until(process, "ai_api_outbox_oldest_ms", lambda value: value == 0)
    await until(process, "ai_api_results_oldest_ms", lambda value: value == 0, queue=f"{HINTS}.results")
    await until(process, "ai_api_breaker_open", lambda value: value == 0)
    # From a queue that is paused nobody takes a result.
    redis_server.client.hset(f"bull:{HINTS}.results:meta", "paused", "1")
    async with StandIn(redis_server.url) as worker:
        await worker.deliver(str(hints[0].json()["jobId"]))
    await until(process, "ai_api_results_oldest_ms", lambda value: value > 100, queue=f"{HINTS}.results")
    redis_server.process.stop()
    try:
        assert (await api.call("POST", path.replace("hint", "review"), {"code": "x"})).status_code == 504
        postgres.query(
            "INSERT INTO outbox (job_id, kind, payload, trace, attempts, due_at)"
            " SELECT id, kind, '{}', '{}', 0, clock_timestamp() + interval '1 hour' FROM jobs LIMIT 1"
        )
        await until(process, "ai_api_breaker_open", lambda value: value == 1)
        await until(process, "ai_api_outbox_oldest_ms", lambda value: value > 100)
        await until(process, "ai_api_outbox_length", lambda value: value == 1)
        await until(process, "ai_api_refused_total", lambda value: value == 1, code="queues_timed_out")
        # What does not answer is left out, and nothing else is.
        assert "ai_api_results_oldest_ms" not in scraped(process)
    finally:
        redis_server.process.cont()


def labels(**given: str) -> frozenset[tuple[str, str]]:
    return frozenset(given.items())
