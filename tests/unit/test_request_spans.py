"""Spans of requests: one each, under the caller's, without anything that a path or a text could tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from control_plane.application import create_app
from control_plane.settings import ControlPlaneSettings
from tests.support.api import api_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    yield exporter
    provider.shutdown()


async def test_a_request_has_one_span_which_continues_the_callers_trace(
    exporter: InMemorySpanExporter,
) -> None:
    app = create_app(ControlPlaneSettings.load(api_environment("postgresql://nobody@127.0.0.1:1/none")))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://api.test") as client:
        brought = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        await client.get("/rooms/a-secret-room/ai/hint/a-secret-job", headers=brought)
    [span] = exporter.get_finished_spans()
    assert span.context is not None
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)
    assert span.name == "GET /rooms/{roomId}/ai/hint/{jobId}"
    assert "secret" not in span.to_json()
