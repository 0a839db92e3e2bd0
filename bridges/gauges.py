"""Gauges of a bridge, read whenever metrics are collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.metrics import Observation

from aiplane.queues import KINDS
from aiplane.telemetry.instruments import count, observe
from aiplane.telemetry.queue_gauges import QueueGauges

if TYPE_CHECKING:
    from aiplane.settings import Settings
    from bridges.bridge import Bridge

RARE = ("ai.job.adopted", "ai.job.resent", "ai.job.handed_back", "ai.job.lost_runs")
"""Counters of what should not happen: they show from the start, so that a first time is an increase."""


def measure(bridge: Bridge, settings: Settings) -> None:
    """Have all queues read from now on, and whether this bridge is the leader."""
    QueueGauges(settings, KINDS).observe()
    observe("ai.bridge.turn", lambda: [Observation(int(bridge.is_leader))])
    for name in RARE:
        for kind in KINDS:
            count(name, 0, queue=settings.queue_name(kind))
