"""Metrics as Prometheus text."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from prometheus_client import CollectorRegistry, make_wsgi_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

    from aiplane.telemetry.metrics_port import MetricsPort


class _OneAtATime(CollectorRegistry):
    """A registry for OpenTelemetry's reader, which mixes up the numbers of scrapes that come at once."""

    def __init__(self) -> None:
        super().__init__()
        self._turn = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        with self._turn:
            return iter(list(super().collect()))


def serve_scrapes(port: MetricsPort) -> PrometheusMetricReader:
    """Serve what the reader that is returned collects."""
    registry = _OneAtATime()
    # No labels of the instrumentation's scope: they would be the same on every line.
    reader = PrometheusMetricReader(registry=registry, scope_info_enabled=False)
    port.metrics = make_wsgi_app(registry)
    return reader
