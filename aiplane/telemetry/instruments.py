"""Every metric as one table: its name, what it is, and the labels that it has. There are no others.

Durations are in milliseconds, and the names say so: no instrument has a unit, or Prometheus would add it to
the name a second time. Labels are few and bounded: a queue, a provider, a model that a setting names, a code.
Never an id, and never a text from outside.

Where nobody has set up OpenTelemetry, recording does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from opentelemetry import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Observation

    Reading = Callable[[], Iterable[Observation]]

BUCKETS_MS: Sequence[float] = (
    5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000, 180_000,
)  # fmt: skip
"""The upper bounds of every histogram: up to the longest that a job may run."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table."""

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    labels: tuple[str, ...]
    help: str

    @property
    def prometheus(self) -> str:
        """Its name in a scrape."""
        return self.name.replace(".", "_") + ("_total" if self.kind == "counter" else "")


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.name: metric
        for metric in (
            Metric("ai.queue.depth", "gauge", ("queue",), "Jobs that a free slot would take."),
            Metric("ai.queue.active", "gauge", ("queue",), "Jobs that are being run."),
            Metric(
                "ai.queue.delayed", "gauge", ("queue",), "Jobs that wait for their time, retries included."
            ),
            Metric("ai.queue.failed", "gauge", ("queue",), "Jobs that have failed for good and are kept."),
            Metric("ai.queue.dead", "gauge", ("queue",), "Jobs in the dead-letter queue."),
            Metric(
                "ai.queue.oldest_ms", "gauge", ("queue",), "How long ago the oldest waiting job was made."
            ),
            Metric("ai.queue.slots", "gauge", ("queue",), "Slots that the living pools offer."),
            Metric(
                "ai.job.duration_ms", "histogram", ("queue", "status"), "From taking a job to settling it."
            ),
            Metric(
                "ai.job.wait_ms", "histogram", ("queue",), "From when a job could have run to its taking."
            ),
            Metric(
                "ai.job.retries", "counter", ("queue", "code"), "Attempts that failed and are made again."
            ),
            Metric("ai.job.dead_letters", "counter", ("queue", "code"), "Jobs that failed for good."),
            Metric("ai.job.adopted", "counter", ("queue",), "Jobs taken over from a bridge that is gone."),
            Metric("ai.job.resent", "counter", ("queue",), "Runs sent again because nobody claimed them."),
            Metric("ai.job.handed_back", "counter", ("queue",), "Jobs put back because no pool was there."),
            Metric("ai.job.lost_runs", "counter", ("queue",), "Runs whose pool died."),
            Metric("ai.bridge.loop_lag_ms", "histogram", (), "How late the loop of a bridge turns."),
            Metric("ai.bridge.turn", "gauge", (), "1 where this bridge takes jobs, else 0."),
            Metric("ai.pool.slots", "gauge", ("queue",), "Slots of this pool."),
            Metric("ai.pool.busy", "gauge", ("queue",), "Slots of this pool in which a job runs."),
            Metric(
                "ai.llm.latency_ms", "histogram", ("provider", "model"), "How long one call of a model takes."
            ),
            Metric("ai.llm.tokens.input", "counter", ("provider", "model"), "Tokens that models have read."),
            Metric(
                "ai.llm.tokens.output", "counter", ("provider", "model"), "Tokens that models have written."
            ),
            Metric(
                "ai.llm.failures", "counter", ("provider", "error_type"), "Calls without a usable answer."
            ),
            Metric("ai.llm.cost", "counter", ("provider", "model"), "Tokens times LLM_PRICES."),
            Metric(
                "ai.tts.latency_ms", "histogram", ("provider",), "How long it takes to have a reply spoken."
            ),
            Metric("ai.tts.failures", "counter", ("provider",), "Replies that stay without their audio."),
            Metric(
                "ai.stt.latency_ms", "histogram", ("provider",), "How long it takes to have speech written."
            ),
            Metric("ai.stt.audio_duration_ms", "histogram", ("provider",), "How long the recordings are."),
            Metric("ai.stt.failures", "counter", ("provider",), "Recordings that stay without their text."),
            # Those of the control plane; the others are the workers'.
            Metric(
                "ai.api.duration_ms",
                "histogram",
                ("method", "route", "status"),
                "From a request to the beginning of its answer.",
            ),
            Metric("ai.api.limited", "counter", ("limit",), "Requests refused because of a rate limit."),
            Metric(
                "ai.api.refused",
                "counter",
                ("code",),
                "Requests refused because something behind the service is away.",
            ),
            Metric("ai.api.breaker_open", "gauge", (), "1 while requests are kept from the queues, else 0."),
            Metric(
                "ai.api.outbox_oldest_ms", "gauge", (), "How long ago the oldest unsent job was accepted."
            ),
            Metric(
                "ai.api.outbox_length",
                "gauge",
                (),
                "Jobs that were accepted, and that BullMQ does not have yet.",
            ),
            Metric(
                "ai.api.results_oldest_ms",
                "gauge",
                ("queue",),
                "How long ago the oldest result that nobody has taken was made.",
            ),
        )
    }
)
"""The table."""


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Add to a counter."""
    _counter(name).add(amount, labels)


def record(name: str, milliseconds: float, **labels: str) -> None:
    """Record a duration in a histogram; one that a clock which was set back makes negative is 0."""
    _histogram(name).record(max(milliseconds, 0), labels)


def observe(name: str, reading: Reading) -> None:
    """Have a gauge read whenever metrics are collected. A reading must be quick, and must not raise."""

    def callback(_: CallbackOptions) -> Iterable[Observation]:
        return reading()

    metric = _metric(name, "gauge")
    _meter().create_observable_gauge(metric.name, [callback], description=metric.help)


@cache
def _counter(name: str) -> Counter:
    metric = _metric(name, "counter")
    return _meter().create_counter(metric.name, description=metric.help)


@cache
def _histogram(name: str) -> Histogram:
    metric = _metric(name, "histogram")
    return _meter().create_histogram(
        metric.name, description=metric.help, explicit_bucket_boundaries_advisory=BUCKETS_MS
    )


def _metric(name: str, kind: str) -> Metric:
    metric = METRICS[name]
    if metric.kind != kind:
        raise TypeError(f"{name} is a {metric.kind}, not a {kind}")
    return metric


def _meter() -> metrics.Meter:
    return metrics.get_meter("aiplane")
