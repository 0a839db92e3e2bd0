"""The metrics as a scrape shows them: each name with the labels that it can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUEUE, _CODE, _MODEL, _PROVIDER = ("queue",), ("queue", "code"), ("provider", "model"), ("provider",)

TABLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    *((f"ai.queue.{name}", "gauge", _QUEUE) for name in ("depth", "active", "delayed", "failed", "dead")),
    *((f"ai.queue.{name}", "gauge", _QUEUE) for name in ("oldest_ms", "slots")),
    ("ai.job.duration_ms", "histogram", ("queue", "status")),
    ("ai.job.wait_ms", "histogram", _QUEUE),
    ("ai.job.retries", "counter", _CODE),
    ("ai.job.dead_letters", "counter", _CODE),
    *((f"ai.job.{name}", "counter", _QUEUE) for name in ("adopted", "resent", "handed_back", "lost_runs")),
    ("ai.bridge.loop_lag_ms", "histogram", ()),
    ("ai.bridge.turn", "gauge", ()),
    *((f"ai.pool.{name}", "gauge", _QUEUE) for name in ("slots", "busy")),
    ("ai.llm.latency_ms", "histogram", _MODEL),
    *((f"ai.llm.{name}", "counter", _MODEL) for name in ("tokens.input", "tokens.output", "cost")),
    ("ai.llm.failures", "counter", ("provider", "error_type")),
    *((f"ai.{way}.latency_ms", "histogram", _PROVIDER) for way in ("tts", "stt")),
    *((f"ai.{way}.failures", "counter", _PROVIDER) for way in ("tts", "stt")),
    ("ai.stt.audio_duration_ms", "histogram", _PROVIDER),
)


def _scraped(name: str, kind: str, labels: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    base = name.replace(".", "_")
    if kind == "histogram":
        own = frozenset(labels)
        return {f"{base}_bucket": own | {"le"}, f"{base}_sum": own, f"{base}_count": own}
    return {f"{base}_total" if kind == "counter" else base: frozenset(labels)}


METRICS: Mapping[str, frozenset[str]] = {
    series: labels for row in TABLE for series, labels in _scraped(*row).items()
}
"""Every series of a scrape, with its labels; those that Prometheus adds are not among them."""
