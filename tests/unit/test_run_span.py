"""The frame in which a pool shows a run, whichever version of a bridge has sent it."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from aiplane.context.job import Work, work
from aiplane.context.usage import Tally
from aiplane.errors import LLMAuthError
from aiplane.ledger.claims import Claim
from aiplane.ledger.runs import Outcome
from aiplane.queues import QUEUES
from aiplane.worker.run_span import run_span
from aiplane.worker.task import JobTask
from tasks.hint import generate_hint

RUN = {"run": "ai.generate-hint|7|1|1", "queue": "ai.generate-hint", "job": "7"}
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture(autouse=True)
def _traced(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)


def test_it_continues_the_jobs_span_and_names_the_job() -> None:
    run: dict[str, Any] = {**RUN, "trace": {"traceparent": PARENT}}
    with run_span(run, QUEUES["hint"]) as span:
        assert trace.format_trace_id(span.get_span_context().trace_id) in PARENT
        assert trace.get_current_span() is span
        assert work() == Work("7", "ai.generate-hint", "hint", 2)
    assert work() is None


@pytest.mark.parametrize("more", [{}, {"trace": None}, {"trace": {"traceparent": 7}}, {"trace": {}}])
def test_a_run_without_a_context_begins_a_trace(more: dict[str, Any]) -> None:
    with run_span({**RUN, **more}, QUEUES["hint"]) as span:
        assert span.get_span_context().is_valid
        assert work() == Work("7", "ai.generate-hint", "hint", 2)


def test_a_span_that_its_block_has_ended_is_not_ended_again(caplog: pytest.LogCaptureFixture) -> None:
    def fail_after_its_end() -> None:
        with run_span(RUN, QUEUES["hint"]) as span:
            span.end()
            raise KeyError

    with pytest.raises(KeyError):
        fail_after_its_end()
    assert caplog.records == []


def test_a_span_ends_with_its_block() -> None:
    with run_span(RUN, QUEUES["hint"]) as span:
        assert span.is_recording()
    assert not span.is_recording()


@pytest.mark.parametrize("outcome", [Outcome(result="{}"), Outcome(error=LLMAuthError("The key is wrong."))])
def test_a_runs_span_has_ended_before_anybody_hears_of_it(
    monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    with run_span(RUN, QUEUES["hint"]) as span:

        def record(*_: object) -> bool:
            assert not span.is_recording()
            return True

        monkeypatch.setattr(JobTask, "_record", record)
        assert span.is_recording()
        generate_hint._end(Claim("run", "token", "key", None), outcome, span, Tally())
