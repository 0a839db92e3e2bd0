"""The trace context on its way: what is continued, what is no context, and what is passed on."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from aiplane.telemetry.derived_ids import identified
from aiplane.telemetry.propagation import LONGEST, carrier, metadata, read_carrier, read_metadata
from aiplane.telemetry.sdk import DerivedIds
from aiplane.telemetry.spans import printable, span

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"


def read(text: str | None) -> trace.SpanContext:
    return trace.get_current_span(read_metadata(text)).get_span_context()


def test_what_bullmq_otel_writes_is_continued() -> None:
    context = read(json.dumps({"traceparent": PARENT, "tracestate": "a=b", "baggage": "who=cares"}))
    assert trace.format_trace_id(context.trace_id) == TRACE
    assert trace.format_span_id(context.span_id) == SPAN
    assert context.trace_flags.sampled
    assert context.trace_state.to_header() == "a=b"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "no JSON",
        "7",
        "[]",
        '{"traceparent": 7}',
        f'"{PARENT}"',
        json.dumps({"traceparent": f"00-{'0' * 32}-{SPAN}-01"}),
        json.dumps({"traceparent": PARENT.replace("4", "g")}),
        json.dumps({"traceparent": PARENT + "-" + "0" * 60}),
        json.dumps({"tracestate": "a=b"}),
        json.dumps({"traceparent": PARENT, "padding": "x" * LONGEST}),
        "[" * 9999,
    ],
)
def test_what_is_no_context_is_none(text: str | None) -> None:
    assert not read(text).is_valid


def test_a_long_state_is_left_out_and_the_trace_goes_on() -> None:
    context = read(json.dumps({"traceparent": PARENT, "tracestate": "a=" + "b" * 600}))
    assert context.is_valid
    assert not context.trace_state


@given(
    st.dictionaries(st.sampled_from(["traceparent", "tracestate", "x"]), st.text(max_size=80) | st.integers())
)
def test_anything_is_read_without_an_error(fields: dict[str, object]) -> None:
    read(json.dumps(fields))
    read_carrier(fields)


@pytest.mark.parametrize("brought", [None, "garbage", json.dumps({"traceparent": PARENT, "baggage": "a=b"})])
def test_without_tracing_the_jobs_own_context_is_passed_on(brought: str | None) -> None:
    tracer = trace.NoOpTracer()
    with trace.use_span(tracer.start_span("process", context=read_metadata(brought))):
        assert metadata(brought) == brought


def test_with_tracing_the_result_carries_the_span_at_hand() -> None:
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
    brought = json.dumps({"traceparent": PARENT})
    with tracer.start_as_current_span("process", context=read_metadata(brought)) as span:
        passed_on = read(metadata(brought))
        assert passed_on.span_id == span.get_span_context().span_id
        assert trace.format_trace_id(passed_on.trace_id) == TRACE
        assert json.dumps(dict(carrier())) == metadata(brought)


def spans_of(trace_of: str, span_of: str) -> trace.SpanContext:
    tracer = TracerProvider(id_generator=DerivedIds(), shutdown_on_exit=False).get_tracer("test")
    with identified(trace_of, span_of):
        derived = tracer.start_span("process").get_span_context()
    other = tracer.start_span("another").get_span_context()
    assert (other.trace_id, other.span_id) != (derived.trace_id, derived.span_id)
    return derived


def test_two_processes_give_the_same_taking_the_same_ids() -> None:
    one, two = spans_of("job", "run 1"), spans_of("job", "run 1")
    assert (one.trace_id, one.span_id) == (two.trace_id, two.span_id)
    assert one.is_valid
    retried = spans_of("job", "run 2")
    assert retried.trace_id == one.trace_id
    assert retried.span_id != one.span_id


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_whatever_a_job_is_called_can_be_exported(text: str) -> None:
    printable(text).encode()
    spans_of(text, text)
    assert len(printable(text * 300)) <= 200


def test_where_nothing_is_traced_no_span_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("a tracer was asked for")

    monkeypatch.setattr(trace, "get_tracer", asked)
    with span("chat", attributes={"a": 1}) as current:
        assert not current.get_span_context().is_valid
    with pytest.raises(KeyError, match="inside"), span("chat"):
        raise KeyError("inside")


def test_where_nothing_is_traced_the_context_that_was_brought_goes_on() -> None:
    with span("run", context=read_carrier({"traceparent": PARENT})), span("chat"):
        assert carrier()["traceparent"] == PARENT
