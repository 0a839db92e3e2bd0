"""Switching telemetry on, for one process, as its settings say.

Without ``METRICS_PORT`` and without an OTLP endpoint nothing is loaded and nothing runs: what the code
measures goes to OpenTelemetry's API, which then does nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiplane.settings import SIGNALS

if TYPE_CHECKING:
    from aiplane.settings import Settings
    from aiplane.telemetry.sdk import Pipelines

log = logging.getLogger(__name__)

FLUSH_SECONDS = 3.0
"""How long a process that ends waits for its last spans, metrics and lines to be sent."""


class Telemetry:
    """What was switched on."""

    def __init__(self, pipelines: Pipelines | None = None) -> None:
        self._pipelines = pipelines

    @property
    def measures(self) -> bool:
        """Whether metrics are collected, so that gauges are worth setting up."""
        return self._pipelines is not None and self._pipelines.measures

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
    sends = [settings.sends_by_otlp(signal) for signal in SIGNALS]
    wanted = settings.metrics_port or any(sends)
    if not wanted or settings.otel_sdk_disabled:
        return Telemetry()
    try:
        from aiplane.telemetry.sdk import Pipelines  # noqa: PLC0415 -- only who asks for it loads the SDK

        return Telemetry(Pipelines(settings, node))
    except Exception as error:  # noqa: BLE001 -- telemetry is no reason not to start
        # Some variables are read when the SDK is imported, and it raises where one makes no sense.
        log.warning("nothing is measured or sent; is each OTEL_… right? (%s)", type(error).__name__)
        return Telemetry()
