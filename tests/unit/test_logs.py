"""Log lines: what they are about, for a machine and for a person, and what is never in them."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

from aiplane.context.job import working_on
from aiplane.telemetry.logs import _Seldom, _WithJob, formatter
from aiplane.telemetry.otlp_logs import ShippedLines

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "what the candidate wrote"
SPAN = trace.NonRecordingSpan(
    trace.SpanContext(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0xF067AA0BA902B7, is_remote=False)
)


def fail(kind: type[Exception]) -> None:
    raise kind(SECRET)


class Lines:
    """What a logger of the test's own has written."""

    def __init__(self, log_format: str) -> None:
        self._text = io.StringIO()
        handler = logging.StreamHandler(self._text)
        handler.setFormatter(formatter(log_format))
        handler.addFilter(_WithJob())
        handler.addFilter(_Seldom())
        self.log = logging.Logger("aiplane.test")  # noqa: LOG001 -- outside the tree, so that nothing stays
        self.log.addHandler(handler)
        self.handler = handler

    @property
    def text(self) -> str:
        return self._text.getvalue()

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


def test_a_json_line_says_which_job_it_is_about() -> None:
    lines = Lines("json")
    with working_on("7", queue="ai.transcribe", kind="transcribe", attempt=2), trace.use_span(SPAN):
        lines.log.info("done with %d", 3, extra={"fields": {"state": "completed"}})
    lines.log.info("idle")
    about, idle = lines.objects
    assert about.items() >= {
        "message": "done with 3", "job": "7", "queue": "ai.transcribe", "kind": "transcribe", "attempt": 2,
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "state": "completed",
    }.items()  # fmt: skip
    assert set(idle) == {"time", "level", "logger", "message"}


def test_a_person_reads_whose_line_it_is_once() -> None:
    lines = Lines("console")
    with working_on("7", queue="ai.transcribe", kind="transcribe", attempt=2):
        lines.log.info("too loud")
        lines.log.info("job 7 of ai.transcribe: completed")
    first, second = lines.text.splitlines()
    assert first.endswith("too loud [ai.transcribe 7]")
    assert second.endswith("job 7 of ai.transcribe: completed")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_an_exception_is_told_without_its_text(log_format: str) -> None:
    lines = Lines(log_format)
    try:
        fail(ValueError)
    except ValueError:
        lines.log.exception("it failed")
    assert "ValueError" in lines.text
    assert SECRET not in lines.text


def test_what_sends_telemetry_says_a_thing_seldom_and_without_an_exceptions_text() -> None:
    lines = Lines("console")
    for number in range(5):
        record = logging.LogRecord("opentelemetry.x", logging.ERROR, "", 1, "away: %s, in %d s", (), None)
        error = ConnectionError(SECRET)
        record.exc_info, record.args = (type(error), error, None), (error, number)
        lines.handler.handle(record)
    assert lines.text.count("\n") == 1
    assert lines.text.endswith("away: ConnectionError, in 0 s\n")


@pytest.fixture
def shipped() -> Iterator[tuple[logging.Logger, InMemoryLogRecordExporter]]:
    exporter, provider = InMemoryLogRecordExporter(), LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    log = logging.Logger("aiplane.test")  # noqa: LOG001 -- outside the tree, so that nothing stays
    log.addHandler(ShippedLines(provider))
    yield log, exporter
    provider.shutdown()


def test_a_shipped_line_has_its_trace_and_what_it_is_about(
    shipped: tuple[logging.Logger, InMemoryLogRecordExporter],
) -> None:
    log, exporter = shipped
    with working_on("7\ud800", queue="q", kind="hint", attempt=1), trace.use_span(SPAN):
        log.info("done \udc80", extra={"fields": {"ran_ms": 5}})
    [line] = exporter.get_finished_logs()
    record = line.log_record
    assert record.trace_id == SPAN.get_span_context().trace_id
    assert dict(record.attributes or {}) == {
        "ai.job.id": "7?", "ai.job.queue": "q", "ai.job.type": "hint", "ai.job.attempt": 1,
        "ai.job.ran_ms": 5,
    }  # fmt: skip
    assert record.body == "done ?"


def test_a_shipped_exception_has_no_text(shipped: tuple[logging.Logger, InMemoryLogRecordExporter]) -> None:
    log, exporter = shipped
    try:
        fail(ValueError)
    except ValueError:
        log.exception("it failed")
    [line] = exporter.get_finished_logs()
    assert SECRET not in line.to_json()
    assert "ValueError" in line.to_json()


def test_what_the_exporter_says_is_not_shipped(
    shipped: tuple[logging.Logger, InMemoryLogRecordExporter],
) -> None:
    log, exporter = shipped
    for name in ("opentelemetry.exporter.otlp", "urllib3.connectionpool", "requests"):
        log.handle(logging.LogRecord(name, logging.ERROR, "", 1, "away", (), None))
    assert exporter.get_finished_logs() == ()
