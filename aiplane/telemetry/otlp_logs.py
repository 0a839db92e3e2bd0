"""Log lines on their way to an OTLP collector: what the log holds, and nothing more."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import get_current

from aiplane.errors.stacktrace import describe
from aiplane.telemetry.logs import OF_OPENTELEMETRY, about_job, fields_of
from aiplane.telemetry.spans import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk._logs import LoggerProvider

LONGEST_LINE = 20_000
"""Characters of a line that are sent. A stack trace has at most 16,000."""

_SEVERITIES = (
    (logging.CRITICAL, SeverityNumber.FATAL),
    (logging.ERROR, SeverityNumber.ERROR),
    (logging.WARNING, SeverityNumber.WARN),
    (logging.INFO, SeverityNumber.INFO),
)


_NAMES = {"job": "id", "kind": "type"}
"""What a field is called as an attribute, where that is something else: as on the spans."""


class ShippedLines(logging.Handler):
    """Handler that hands each line to the provider's queue; a full queue drops the oldest.

    Not the SDK's own handler: it sends the text of exceptions, which is not always ours.
    """

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._provider = provider
        self.addFilter(lambda record: not record.name.startswith((*OF_OPENTELEMETRY, "urllib3")))

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line."""
        try:
            self._provider.get_logger(record.name).emit(_translated(record))
        except Exception:  # noqa: BLE001 -- as logging's own handlers do
            self.handleError(record)


def _translated(record: logging.LogRecord) -> LogRecord:
    attributes = {**_named(about_job()), **_named(fields_of(record))}
    if record.exc_info and record.exc_info[1] is not None:
        attributes["exception.type"] = type(record.exc_info[1]).__name__
        attributes["exception.stacktrace"] = printable(describe(record.exc_info[1]), LONGEST_LINE)
    return LogRecord(
        timestamp=int(record.created * 1e9),
        context=get_current(),
        severity_number=_severity(record.levelno),
        severity_text=record.levelname,
        body=printable(record.getMessage(), LONGEST_LINE),
        attributes=attributes,
    )


def _named(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as attributes; the trace is the record's own."""
    return {
        f"ai.job.{_NAMES.get(name, name)}": printable(value) if isinstance(value, str) else value
        for name, value in fields.items()
        if name not in ("trace_id", "span_id")
    }


def _severity(level: int) -> SeverityNumber:
    return next((severity for floor, severity in _SEVERITIES if level >= floor), SeverityNumber.DEBUG)
