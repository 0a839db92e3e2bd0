"""The metrics as a scrape shows them: each name with the labels that it can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.telemetry import instruments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.telemetry.instruments import Metric


def _scraped(metric: Metric) -> Mapping[str, frozenset[str]]:
    name, own = metric.prometheus, frozenset(metric.labels)
    if metric.kind == "histogram":
        return {f"{name}_bucket": own | {"le"}, f"{name}_sum": own, f"{name}_count": own}
    return {name: own}


METRICS: Mapping[str, frozenset[str]] = {
    series: labels for metric in instruments.METRICS.values() for series, labels in _scraped(metric).items()
}
"""Every series of a scrape, with its labels; those that Prometheus adds are not among them."""
