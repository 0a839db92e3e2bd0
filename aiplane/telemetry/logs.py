"""The log: one line an event, for a person or for a machine. It never holds a payload or a secret.

A line that is written while the code works on a job says which: queue, job, kind, attempt, and the trace that
shows the same. Nobody passes that along; it is bound once, where the work begins
(:mod:`aiplane.context.job`).
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from aiplane.context import job as current
from aiplane.errors.stacktrace import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.settings import Settings


_NOISY = (
    "asyncio",
    "amqp",
    "kombu",
    "urllib3",
    # These log URLs, and what a server says of itself.
    "httpcore2",
    "httpx2",
    "openai",
    # It recites the arguments of each task: of one that a person sent, a candidate's code.
    "celery.pool",
    # What a pool does when it starts and stops, step by step, and what a Redis cannot do that nobody needs.
    "celery.bootsteps",
    "redis",
    # Each run has its own line.
    "celery.app.trace",
    "celery.worker.strategy",
)

OF_OPENTELEMETRY = ("opentelemetry", "requests")
"""The loggers of what sends telemetry. What they say is not itself sent: it would never end."""


SELDOM_SECONDS = 60.0
"""Seconds before they may say the same again."""


class _WithJob(logging.Filter):
    """Filter that adds to each line what it is about: ``record.job``, a mapping that may be empty."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.job = about_job()
        return True


class _Seldom(logging.Filter):
    """Filter that lets OpenTelemetry say a thing once a minute, without what an exception says.

    A collector that is away is no fault of the code, and the text of an exception holds its address.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(OF_OPENTELEMETRY):
            return True
        record.exc_info = record.exc_text = None
        if isinstance(record.args, tuple):
            record.args = tuple(_without_text(argument) for argument in record.args)
        said = (record.name, str(record.msg)[:100])
        if record.created - self._told.get(said, float("-inf")) < SELDOM_SECONDS:
            return False
        if len(self._told) > 1_000:
            self._told.clear()
        self._told[said] = record.created
        return True


class _JsonLines(logging.Formatter):
    """One JSON object a line, with the time in UTC."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "job", {}),
            **fields_of(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["stacktrace"] = describe(record.exc_info[1])
        return json.dumps(line)


class _ConsoleLines(logging.Formatter):
    """One readable line, and the trace of an error below it.

    Whose line it is stands behind it, unless the line says so itself.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- logging's name
        line = super().formatMessage(record)
        job: Mapping[str, Any] = getattr(record, "job", {})
        if not job.get("queue") or f"job {job['job']} of" in record.message:
            return line
        return f"{line} [{job['queue']} {job['job']}]"

    def formatException(self, ei: object) -> str:  # noqa: N802 -- logging's name
        error = ei[1] if isinstance(ei, tuple) else None
        return describe(error) if isinstance(error, BaseException) else ""


def _without_text(argument: object) -> object:
    return type(argument).__name__ if isinstance(argument, BaseException) else argument


def about_job() -> dict[str, Any]:
    """Return what a log line says of the job at hand: nothing where there is none."""
    fields: dict[str, Any] = {}
    work = current.work()
    if work is not None:
        fields["job"] = work.job_id
        fields |= {"queue": work.queue, "kind": work.kind, "attempt": work.attempt} if work.queue else {}
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        fields["trace_id"] = trace.format_trace_id(span.trace_id)
        fields["span_id"] = trace.format_span_id(span.span_id)
    return fields


def fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return what a line tells besides its sentence: whoever logs it gives ``extra={"fields": {…}}``."""
    fields: Mapping[str, Any] = getattr(record, "fields", {})
    return fields


def formatter(log_format: str) -> logging.Formatter:
    """Return the formatter for ``json`` or ``console``."""
    if log_format == "json":
        return _JsonLines()
    return _ConsoleLines("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")


def configure_logs(settings: Settings) -> None:
    """Send this process's log to standard error, as the settings say. Called once, at the start."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(settings.log_format))
    handler.addFilter(_WithJob())
    handler.addFilter(_Seldom())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for noisy in (*_NOISY, *OF_OPENTELEMETRY):
        logging.getLogger(noisy).setLevel(logging.WARNING)
