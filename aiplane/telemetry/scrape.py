"""Metrics as Prometheus text, on the first free port from ``METRICS_PORT`` on."""

from __future__ import annotations

import errno
import logging
import threading
from typing import TYPE_CHECKING

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from prometheus_client import CollectorRegistry, start_http_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

    from aiplane.settings import Settings

log = logging.getLogger(__name__)

PORTS = 20
"""How many ports are tried: several processes on one machine share the setting."""


class _OneAtATime(CollectorRegistry):
    """A registry for OpenTelemetry's reader, which mixes up the numbers of scrapes that come at once."""

    def __init__(self) -> None:
        super().__init__()
        self._turn = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        with self._turn:
            return iter(list(super().collect()))


def serve_scrapes(settings: Settings) -> PrometheusMetricReader:
    """Serve what the reader that is returned collects.

    Raises:
        OSError: no port can be had.
    """
    registry = _OneAtATime()
    # No labels of the instrumentation's scope: they would be the same on every line.
    reader = PrometheusMetricReader(registry=registry, scope_info_enabled=False)
    port = _serve(registry, settings.metrics_port)
    log.info("metrics can be scraped on port %d", port)
    return reader


def _serve(registry: CollectorRegistry, first: int) -> int:
    last = min(first + PORTS, 65_536) - 1
    for port in range(first, last + 1):
        try:
            start_http_server(port, registry=registry)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or port == last:
                raise
        else:
            return port
    raise AssertionError("unreachable: the last port was taken, or it was not")
