"""Measuring around a language model: what a call took and cost, how it failed, and what its span may hold."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import BaseModel

from aiplane.context.usage import Usage, count_usage, counted
from aiplane.errors import LLMUnavailableError
from aiplane.providers.llm import Completion, Message, Prompt
from aiplane.providers.llm.measured import LONGEST_CONTENT, MOST_TOKENS, MeasuredLLM
from aiplane.settings import Settings
from aiplane.telemetry import instruments

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "what the candidate wrote"
PROMPT = Prompt("hint", (Message("system", "Be kind."), Message("user", SECRET)), BaseModel, None)
OF_MODEL = {"provider": "openai", "model": "test-model"}


class Scripted:
    provider = "openai"

    def __init__(self, answer: Completion | Exception) -> None:
        self._answer = answer
        self.closed = False

    def complete(self, prompt: Prompt) -> Completion:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def close(self) -> None:
        self.closed = True


def settings(**env: str) -> Settings:
    return Settings.load({"LLM_MODEL": "test-model", "LLM_PRICES": "test-model=0.5/2,other=1/1", **env})


ANSWER = Completion(f"An answer to {SECRET}", "test-model-2026", 1_000, 200)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter", provider.get_meter)
    for made in (instruments._counter, instruments._histogram):
        made.cache_clear()
    yield reader
    for made in (instruments._counter, instruments._histogram):
        made.cache_clear()
    provider.shutdown()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


def measured(reader: InMemoryMetricReader) -> dict[str, tuple[float, dict[str, str]]]:
    data = reader.get_metrics_data()
    assert data is not None
    found = {}
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        [point] = metric.data.data_points
        number = getattr(point, "value", None)
        found[metric.name] = (
            getattr(point, "count", 0) if number is None else number,
            dict(point.attributes),
        )
    return found


def test_a_call_is_measured_with_its_tokens_and_their_price(reader: InMemoryMetricReader) -> None:
    llm = MeasuredLLM(Scripted(ANSWER), settings())
    with counted() as tally:
        assert llm.complete(PROMPT) is ANSWER
    assert measured(reader) == {
        "ai.llm.latency_ms": (1, OF_MODEL),
        "ai.llm.tokens.input": (1_000, OF_MODEL),
        "ai.llm.tokens.output": (200, OF_MODEL),
        "ai.llm.cost": (pytest.approx(0.0009), OF_MODEL),
    }
    assert (tally.usage.calls, tally.usage.input_tokens, tally.usage.output_tokens) == (1, 1_000, 200)


def test_a_failure_is_counted_by_its_code(reader: InMemoryMetricReader, spans: InMemorySpanExporter) -> None:
    llm = MeasuredLLM(Scripted(LLMUnavailableError(SECRET)), settings())
    with counted() as tally, pytest.raises(LLMUnavailableError):
        llm.complete(PROMPT)
    failed = {"provider": "openai", "error_type": "llm_unavailable"}
    assert measured(reader) == {"ai.llm.failures": (1, failed), "ai.llm.latency_ms": (1, OF_MODEL)}
    assert tally.usage.calls == 1
    [span] = spans.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes["error.type"] == "llm_unavailable"
    assert SECRET not in span.to_json()


def chat(spans: InMemorySpanExporter, **env: str) -> ReadableSpan:
    MeasuredLLM(Scripted(ANSWER), settings(**env)).complete(PROMPT)
    [span] = spans.get_finished_spans()
    return span


def test_a_span_holds_no_content(spans: InMemorySpanExporter) -> None:
    span = chat(spans)
    assert span.name == "chat test-model"
    assert span.attributes is not None
    assert span.attributes["gen_ai.response.model"] == "test-model-2026"
    assert span.attributes["gen_ai.usage.input_tokens"] == 1_000
    assert SECRET not in span.to_json()


def test_a_span_holds_content_where_a_setting_says_so_and_not_without_end(
    spans: InMemorySpanExporter,
) -> None:
    span = chat(spans, OTEL_CAPTURE_CONTENT="yes")
    assert span.attributes is not None
    assert SECRET in str(span.attributes["gen_ai.input.messages"])
    assert SECRET in str(span.attributes["gen_ai.output.messages"])
    spans.clear()
    long = Completion("x" * 10 * LONGEST_CONTENT, "m", 1, 1)
    MeasuredLLM(Scripted(long), settings(OTEL_CAPTURE_CONTENT="yes")).complete(PROMPT)
    [span] = spans.get_finished_spans()
    assert span.attributes is not None
    assert len(str(span.attributes["gen_ai.output.messages"])) == LONGEST_CONTENT


@pytest.mark.parametrize("tokens", [-5, 10**400])
def test_a_provider_that_counts_nonsense_harms_nobody(reader: InMemoryMetricReader, tokens: int) -> None:
    MeasuredLLM(Scripted(Completion("x", "m", tokens, tokens)), settings()).complete(PROMPT)
    assert measured(reader)["ai.llm.tokens.input"][0] in (0, MOST_TOKENS)


def test_it_closes_what_it_stands_around() -> None:
    inner = Scripted(ANSWER)
    MeasuredLLM(inner, settings()).close()
    assert inner.closed


def test_usage_is_counted_from_any_number_of_threads() -> None:
    with counted() as tally:
        threads = [
            threading.Thread(target=contextvars.copy_context().run, args=(count_usage, Usage(1, 2, 3, 4)))
            for _ in range(50)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert tally.usage == Usage(50, 100, 150, 200)
    count_usage(Usage(1))
    assert tally.usage.calls == 50


@pytest.mark.parametrize("text", [None, "", "1 2 3", "1 2 3 4 5", "a b c d", "1 2 3 -4", "1 2 3 " + "9" * 50])
def test_usage_that_nobody_wrote_counts_as_nothing(text: str | None) -> None:
    assert Usage.from_text(text) == Usage()


def test_usage_reads_as_it_was_written() -> None:
    assert Usage.from_text(Usage(1, 2, 3, 4).to_text()) == Usage(1, 2, 3, 4)
