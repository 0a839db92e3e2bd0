"""Metrics of speech: how long each call takes, how much audio is heard, and what fails."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from aiplane.telemetry.instruments import count, record
from aiplane.telemetry.spans import span

if TYPE_CHECKING:
    from collections.abc import Iterator

Way = Literal["tts", "stt"]


@contextmanager
def timed(way: Way, provider: str) -> Iterator[None]:
    """Time the block as one call of a provider, in a span of its own."""
    started = time.monotonic()
    with span(f"ai.{way}", attributes={"provider": provider}):
        try:
            yield
        finally:
            record(f"ai.{way}.latency_ms", (time.monotonic() - started) * 1000, provider=provider)


def failed(way: Way, provider: str) -> None:
    """Count a reply that stays without its audio, or audio that stays without its text."""
    count(f"ai.{way}.failures", provider=provider)


def heard(provider: str, duration_ms: int) -> None:
    """Record how long a recording is that a provider is asked to transcribe."""
    record("ai.stt.audio_duration_ms", duration_ms, provider=provider)
