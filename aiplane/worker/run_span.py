"""The frame in which a pool shows a run: its span, under the job's, and what its log lines are about."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind

from aiplane.context.job import working_on
from aiplane.ledger.runs import attempt_of
from aiplane.telemetry.propagation import read_carrier
from aiplane.telemetry.spans import printable, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.trace import Span

    from aiplane.queues import QueueSpec


@contextmanager
def run_span(run: Mapping[str, Any], spec: QueueSpec) -> Iterator[Span]:
    """Do the block as a run that a bridge has sent.

    Args:
        run: the message's header (:data:`aiplane.ledger.runs.RUN_HEADER`).
        spec: the row of the run's kind.
    """
    attempt = attempt_of(run["run"])
    attributes = {
        "messaging.system": "celery",
        "messaging.operation.type": "process",
        "messaging.operation.name": "run",
        "messaging.destination.name": spec.kind,
        "messaging.message.id": printable(run["run"]),
        "ai.job.type": spec.kind,
        "ai.job.id": printable(run["job"]),
        "ai.job.queue": run["queue"],
        "ai.job.attempt": attempt,
    }
    context = read_carrier(run.get("trace"))
    with (
        span(f"run {spec.kind}", kind=SpanKind.CONSUMER, attributes=attributes, context=context) as current,
        working_on(run["job"], queue=run["queue"], kind=spec.kind, attempt=attempt),
    ):
        yield current
