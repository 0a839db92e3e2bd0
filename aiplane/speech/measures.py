"""What is measured of speech: how long each call takes, how much audio is heard, and what fails.

The instruments are OpenTelemetry's; where nobody has set that up, they do nothing.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Literal

from opentelemetry import metrics, trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.metrics import Counter, Histogram

Way = Literal["tts", "stt"]


@contextmanager
def timed(way: Way, provider: str) -> Iterator[None]:
    """Time the block as one call of a provider, in a span of its own."""
    labels = {"provider": provider}
    tracer = trace.get_tracer("aiplane.speech")
    started = time.monotonic()
    # An exception's text is kept out of the span: it is not always ours.
    with tracer.start_as_current_span(
        f"ai.{way}", attributes=labels, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except BaseException as error:
            span.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))
            raise
        finally:
            _latency(way).record((time.monotonic() - started) * 1000, labels)


def failed(way: Way, provider: str) -> None:
    """Count a reply that stays without its audio, or audio that stays without its text."""
    _failures(way).add(1, {"provider": provider})


def heard(provider: str, duration_ms: int) -> None:
    """Record how long a recording is that a provider is asked to transcribe."""
    _audio_duration().record(duration_ms, {"provider": provider})


@cache
def _latency(way: Way) -> Histogram:
    return metrics.get_meter("aiplane.speech").create_histogram(f"ai.{way}.latency_ms", unit="ms")


@cache
def _failures(way: Way) -> Counter:
    return metrics.get_meter("aiplane.speech").create_counter(f"ai.{way}.failures")


@cache
def _audio_duration() -> Histogram:
    return metrics.get_meter("aiplane.speech").create_histogram("ai.stt.audio_duration_ms", unit="ms")
