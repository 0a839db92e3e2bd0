"""The log: one line an event, for a person or for a machine. It never holds a payload or a secret."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import TYPE_CHECKING

from aiplane.worker.stacktrace import describe

if TYPE_CHECKING:
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
    # Each run has its own line.
    "celery.app.trace",
    "celery.worker.strategy",
)


class _JsonLines(logging.Formatter):
    """One JSON object a line, with the time in UTC."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["stacktrace"] = describe(record.exc_info[1])
        return json.dumps(line)


class _ConsoleLines(logging.Formatter):
    """One readable line, and the trace of an error below it."""

    def formatException(self, ei: object) -> str:  # noqa: N802 -- logging's name
        error = ei[1] if isinstance(ei, tuple) else None
        return describe(error) if isinstance(error, BaseException) else ""


def formatter(log_format: str) -> logging.Formatter:
    """Return the formatter for ``json`` or ``console``."""
    if log_format == "json":
        return _JsonLines()
    return _ConsoleLines("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")


def configure_logs(settings: Settings) -> None:
    """Send this process's log to standard error, as the settings say. Called once, at the start."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(settings.log_format))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
