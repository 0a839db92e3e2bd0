"""The pipelines behind OpenTelemetry's API: where metrics, traces and log lines go.

Whatever stands in the way of one (a port that is taken, a variable that the SDK cannot read) is told in the
log and costs that one. What is sent is kept in bounded queues and sent by threads of their own: a collector
that is away costs telemetry, and nothing else.
"""

from __future__ import annotations

import importlib.metadata
import logging
import threading
from typing import TYPE_CHECKING, Protocol

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

from aiplane.telemetry.derived_ids import identity
from aiplane.telemetry.otlp_logs import ShippedLines
from aiplane.telemetry.prometheus import serve_scrapes

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.metrics.export import MetricReader

    from aiplane.settings import Settings
    from aiplane.telemetry.metrics_port import MetricsPort

log = logging.getLogger(__name__)


class _Stoppable(Protocol):
    def shutdown(self) -> None: ...


class DerivedIds(RandomIdGenerator):
    """Random ids, but for a span whose ids are derived (:mod:`aiplane.telemetry.derived_ids`)."""

    def generate_trace_id(self) -> int:
        """Return the id of a new trace."""
        derived = identity()
        return derived.trace_id if derived else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Return the id of a new span."""
        derived = identity()
        return derived.span_id if derived else super().generate_span_id()


class Pipelines:
    """Everything that is switched on in a process, and its end."""

    def __init__(self, settings: Settings, node: str, port: MetricsPort | None) -> None:
        self.measures = False
        self._parts: list[_Stoppable] = []
        self._told_to_stop = threading.Event()
        resource = _resource(settings, node)
        if settings.sends_by_otlp("logs"):
            self._try("log lines are not sent by OTLP", lambda: self._ship_lines(resource))
        if settings.sends_by_otlp("traces"):
            self._try("traces are not sent", lambda: self._trace(resource))
        readers: list[MetricReader] = []
        if settings.sends_by_otlp("metrics"):
            self._try("metrics are not sent by OTLP", lambda: readers.append(_sending_reader()))
        if port is not None:
            self._try("metrics cannot be scraped", lambda: readers.append(serve_scrapes(port)))
        if readers:
            self._try("nothing is measured", lambda: self._measure(resource, readers))
        # A thread that waits from the start: at the very end of a process none can be started.
        self._stopper = threading.Thread(target=self._stop_when_told, name="telemetry-end", daemon=True)
        self._stopper.start()

    def stop(self, seconds: float) -> None:
        """Send what is left; what cannot be sent in so many seconds is lost."""
        self._told_to_stop.set()
        self._stopper.join(seconds)
        if self._stopper.is_alive():
            log.warning("the last telemetry could not be sent within %g s", seconds)

    def _try(self, consequence: str, make: Callable[[], None]) -> None:
        try:
            make()
        except Exception as error:  # noqa: BLE001 -- telemetry is no reason not to start
            log.warning("%s (%s)", consequence, type(error).__name__)

    def _trace(self, resource: Resource) -> None:
        provider = TracerProvider(resource=resource, id_generator=DerivedIds(), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
        self._parts.append(provider)

    def _measure(self, resource: Resource, readers: list[MetricReader]) -> None:
        provider = MeterProvider(readers, resource, shutdown_on_exit=False)
        metrics.set_meter_provider(provider)
        self.measures = True
        self._parts.append(provider)

    def _ship_lines(self, resource: Resource) -> None:
        provider = LoggerProvider(resource, shutdown_on_exit=False)
        provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
        logging.getLogger().addHandler(ShippedLines(provider))
        self._parts.append(provider)

    def _stop_when_told(self) -> None:
        self._told_to_stop.wait()
        # Lines last: they tell how the rest ended.
        for part in reversed(self._parts):
            self._try("some telemetry was not sent", part.shutdown)


def _sending_reader() -> MetricReader:
    return PeriodicExportingMetricReader(OTLPMetricExporter())


def _resource(settings: Settings, node: str) -> Resource:
    """Say who we are; ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` know better."""
    ours = {
        "service.name": "aiplane",
        "service.version": importlib.metadata.version("aiplane"),
        "service.instance.id": node,
        "deployment.environment.name": settings.app_env,
    }
    return Resource.create({**ours, **OTELResourceDetector().detect().attributes})
