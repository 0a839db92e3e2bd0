"""Telemetry on real sockets: ports that are taken, a Redis that is away, collectors that do not answer."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from aiplane.settings import Settings
from aiplane.telemetry.metrics_port import PORTS, MetricsPort
from aiplane.telemetry.prometheus import serve_scrapes
from aiplane.telemetry.queue_gauges import QueueGauges
from tests.support.otlp import Collector
from tests.support.processes import Process
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = """
import logging
from aiplane.settings import Settings
from aiplane.telemetry.logs import configure_logs
from aiplane.telemetry.instruments import count
from aiplane.telemetry.setup import start_telemetry
from aiplane.telemetry.spans import span

settings = Settings.load()
configure_logs(settings)
telemetry = start_telemetry(settings, node="test@here")
for number in range(3_000):
    with span("work"):
        logging.getLogger("aiplane.test").debug("line %d", number)
count("ai.job.adopted", queue="q")
print("worked", flush=True)
telemetry.stop(1.0)
print("stopped", flush=True)
"""

SDK = "import sys; sdk = lambda: {name for name in sys.modules if name.startswith('opentelemetry.sdk')}"
"""A line that tells what of the SDK is loaded."""

AWAY = "http://127.0.0.1:9"
"""Where nobody listens."""


def program(**env: str) -> Process:
    fast = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_BLRP_SCHEDULE_DELAY": "50"}
    return Process("program", [sys.executable, "-c", PROGRAM], env={**os.environ, **fast, **env})


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a collector that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_what_is_left_is_sent_at_the_end() -> None:
    with (
        Collector() as collector,
        program(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, LOG_LEVEL="info") as process,
    ):
        assert process.wait() == 0
        assert collector.spans
        assert {span.instance for span in collector.spans} == {"test@here"}
        assert "ai.job.adopted" in collector.metrics


def test_names_and_attributes_of_ones_own_come_first() -> None:
    named = {"OTEL_SERVICE_NAME": "coach", "OTEL_RESOURCE_ATTRIBUTES": "service.instance.id=mine"}
    with Collector() as collector, program(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, **named) as process:
        assert process.wait() == 0
        assert {(span.service, span.instance) for span in collector.spans} == {("coach", "mine")}


@pytest.mark.parametrize("away", ["refused", "silent"])
def test_a_collector_that_is_away_is_a_warning_and_no_more(silent: str, away: str) -> None:
    url = silent if away == "silent" else AWAY
    with program(OTEL_EXPORTER_OTLP_ENDPOINT=url, LOG_LEVEL="info") as process:
        process.wait_for_log("worked")
        process.wait_for_log("stopped", timeout=15)
        assert process.wait(10) == 0
        assert "Traceback" not in "\n".join(process.lines)
        assert len(process.lines) < 12


def test_a_variable_that_the_sdk_cannot_read_is_a_warning_and_no_more() -> None:
    with program(OTEL_EXPORTER_OTLP_ENDPOINT=AWAY, OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="many") as process:
        assert process.wait() == 0
        assert "worked" in process.lines
        assert any("nothing is measured or sent" in line for line in process.lines)


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": AWAY, "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": AWAY, "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_what_nobody_asks_for_is_not_even_loaded(env: dict[str, str]) -> None:
    # redis-py loads a part of the SDK by itself, wherever it is installed.
    before = f"import redis; {SDK}; before = sdk()\n"
    command = [sys.executable, "-c", before + PROGRAM + "print(sorted(sdk() - before))"]
    with Process("program", command, env={**os.environ, **env, "LOG_LEVEL": "info"}) as process:
        assert process.wait() == 0
        assert process.lines == ["worked", "stopped", "[]"]


def test_the_first_free_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        first = taken.getsockname()[1]
        port = MetricsPort("127.0.0.1", first)
        port.start()
        reader = serve_scrapes(port)
        provider = MeterProvider([reader], shutdown_on_exit=False)
        provider.get_meter("test").create_counter("ai.test").add(1, {"queue": "q"})
        with ThreadPoolExecutor(8) as threads:
            texts = list(threads.map(lambda _: scraped(first), range(40)))
        # Scrapes that come at once are answered one after the other: no line stands twice in one.
        assert [text.count('ai_test_total{queue="q"} 1.0') for text in texts] == [1] * 40
        provider.shutdown()
        port.close()


def scraped(first: int) -> str:
    for port in range(first + 1, first + PORTS):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            continue
    raise AssertionError("nothing answers")


def test_while_redis_is_away_its_gauges_are_left_out_and_nobody_waits_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    with RedisServer() as server:
        server.client.lpush("bull:ai.generate-hint:wait", "1", "2")
        server.client.set("bull:ai.review-code:wait", "not a list")
        gauges = QueueGauges(Settings.load({"REDIS_URL": server.url}), ["hint", "review"])
        gauges.observe()
        assert depths(reader) == {"ai.generate-hint": 2}
        server.stop()
        until_different(reader, {"ai.generate-hint": 2})
        started = time.monotonic()
        assert depths(reader) == {}
        # A hang would be the client's two minutes and more.
        assert time.monotonic() - started < 30
        server.cont()
        until_different(reader, {})
        assert depths(reader) == {"ai.generate-hint": 2}
        gauges.close()
    provider.shutdown()


def depths(reader: InMemoryMetricReader) -> dict[str, float]:
    data = reader.get_metrics_data()
    return {
        str((point.attributes or {})["queue"]): point.value
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
        if metric.name == "ai.queue.depth"
    }  # fmt: skip


def until_different(reader: InMemoryMetricReader, former: dict[str, float]) -> None:
    """Wait until a reading that is fresh no longer has been replaced."""
    deadline = time.monotonic() + 20
    while depths(reader) == former:
        assert time.monotonic() < deadline
        time.sleep(0.05)
