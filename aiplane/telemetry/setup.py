"""Start of telemetry, for one process, as its settings say.

Without ``METRICS_PORT`` and without an OTLP endpoint nothing is loaded and nothing runs: what the code
measures goes to OpenTelemetry's API, which then does nothing. ``OTEL_SDK_DISABLED`` leaves the port its
``/healthz``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiplane.settings import SIGNALS

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiplane.settings import Settings
    from aiplane.telemetry.metrics_port import MetricsPort
    from aiplane.telemetry.sdk import Pipelines

log = logging.getLogger(__name__)

FLUSH_SECONDS = 3.0
"""How long a process that ends waits for its last spans, metrics and lines to be sent."""


class Telemetry:
    """Telemetry that was switched on."""

    def __init__(self, pipelines: Pipelines | None = None, port: MetricsPort | None = None) -> None:
        self._pipelines = pipelines
        self._port = port

    @property
    def measures(self) -> bool:
        """True if metrics are collected, so that gauges are worth setting up."""
        return self._pipelines is not None and self._pipelines.measures

    def tell_health(self, complaint: Callable[[], str]) -> None:
        """Answer probes from now on with what this returns: why the process does not serve, or nothing."""
        if self._port is not None:
            self._port.complaint = complaint

    def stop(self, seconds: float = FLUSH_SECONDS) -> None:
        """Send what is left, and wait for that no longer than so many seconds. It never raises."""
        if self._pipelines is not None:
            self._pipelines.stop(seconds)


def start_telemetry(settings: Settings, *, node: str) -> Telemetry:
    """Switch on what the settings ask for. Called once, after the log is configured. It never raises.

    Args:
        settings: the settings of this process.
        node: the name a person knows the process by; it becomes ``service.instance.id``.
    """
    port = _open_port(settings) if settings.metrics_port else None
    wanted = port is not None or any(settings.sends_by_otlp(signal) for signal in SIGNALS)
    if not wanted or settings.otel_sdk_disabled:
        return Telemetry(port=port)
    try:
        from aiplane.telemetry.sdk import Pipelines  # noqa: PLC0415 -- only who asks for it loads the SDK

        return Telemetry(Pipelines(settings, node, port), port)
    except Exception as error:  # noqa: BLE001 -- telemetry is no reason not to start
        # Some variables are read when the SDK is imported, and it raises where one makes no sense.
        log.warning(
            "telemetry is off: nothing is measured or sent; is each OTEL_… right? (%s)", type(error).__name__
        )
        return Telemetry(port=port)


def _open_port(settings: Settings) -> MetricsPort | None:
    from aiplane.telemetry.metrics_port import MetricsPort  # noqa: PLC0415 -- likewise

    try:
        port = MetricsPort(settings.metrics_host, settings.metrics_port)
    except OSError as error:
        log.warning(
            "METRICS_HOST and METRICS_PORT cannot be listened at (%s); nobody can scrape or probe",
            error.strerror or type(error).__name__,
        )
        return None
    port.start()
    log.info("metrics can be scraped on port %d, and probes are answered there", port.port)
    return port
