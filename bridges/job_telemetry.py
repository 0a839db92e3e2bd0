"""Telemetry of jobs: what happens to each is told here, and nowhere else: in log, metrics and a span.

A job's span is that of one taking: from the moment it was taken until that attempt is settled. Its ids are
derived, so a bridge that adopts the job continues the very same span, and whoever settles the attempt exports
it. The span of a job that is lost to another is never ended here, and so never exported twice.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

from opentelemetry import trace
from opentelemetry.trace import SpanKind

from aiplane.context.job import working_on
from aiplane.errors import InternalError, WorkerLostError
from aiplane.telemetry.derived_ids import identified
from aiplane.telemetry.instruments import count, record
from aiplane.telemetry.propagation import is_traced, read_metadata
from aiplane.telemetry.spans import fail, printable
from bridges.settle import Settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span
    from opentelemetry.util.types import AttributeValue

    from aiplane.errors import JobError
    from aiplane.ledger.runs import Outcome
    from bridges.job import Job

log = logging.getLogger(__name__)

P = ParamSpec("P")

_ENDED = (Settled.COMPLETED, Settled.RETRIED, Settled.FAILED)
"""What ends an attempt."""


def _harmless(tell: Callable[P, None]) -> Callable[P, None]:
    """Let telling of a job do nothing to it: what goes wrong is told instead."""

    @wraps(tell)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            tell(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the job is worth more
            log.warning("telemetry of a job failed (%s)", type(error).__name__)

    return told


class JobTelemetry:
    """Telemetry of the jobs that a bridge holds. Used from its loop only."""

    def __init__(self) -> None:
        self._spans: dict[str, Span] = {}

    @_harmless
    def taken(self, job: Job) -> None:
        """A job was taken from its queue."""
        self._begin(job)
        waited = _waited_ms(job)
        if waited is not None:
            record("ai.job.wait_ms", waited, queue=job.queue)

    @_harmless
    def adopted(self, job: Job) -> None:
        """A job that nobody looked after has become this bridge's."""
        self._begin(job).add_event("adopted")
        with _naming(job):
            log.info("job %s of %s was looked after by nobody; it is adopted", job.id, job.queue)
        count("ai.job.adopted", queue=job.queue)

    @contextmanager
    def about(self, job: Job) -> Iterator[None]:
        """Do the block in the job's name: its log lines and spans are the job's."""
        span = self._spans.get(job.token, trace.INVALID_SPAN)
        with trace.use_span(span, record_exception=False, set_status_on_exception=False), _naming(job):
            yield

    def forget(self, job: Job) -> None:
        """A job is looked after no longer, and perhaps never was."""
        self._spans.pop(job.token, None)

    @_harmless
    def sent_again(self, job: Job) -> None:
        """A run that nobody has claimed is sent again."""
        log.warning("the run of job %s of %s was not claimed; it is sent again", job.id, job.queue)
        count("ai.job.resent", queue=job.queue)
        self._span(job).add_event("sent again")

    @_harmless
    def settled(self, job: Job, outcome: Outcome | None, settled: Settled) -> None:
        """An attempt was settled, or could not be.

        Args:
            job: the job.
            outcome: what the attempt came to; None if its run was handed back.
            settled: what became of the job.
        """
        error = _failure(outcome, settled)
        code = error.code if error else "-"
        self._count(job, outcome, settled, code)
        self._tell(job, outcome, settled, code)
        if settled in (Settled.CHANGED, Settled.LOST):
            return
        span = self._span(job)
        span.add_event(settled.value)
        span.set_attribute("ai.job.state", settled.value)
        if error is not None:
            fail(span, error)
        span.end()

    def _begin(self, job: Job) -> Span:
        if job.trace is None and not is_traced():
            return trace.INVALID_SPAN
        tracer = trace.get_tracer("aiplane")
        one_taking = f"{job.run}|{job.processed_on}"
        whole_job = f"{job.queue}|{job.id}|{job.timestamp}"
        with identified(trace_of=whole_job, span_of=one_taking):
            span = tracer.start_span(
                f"process {job.queue}",
                context=read_metadata(job.trace),
                kind=SpanKind.CONSUMER,
                attributes=_attributes(job),
                start_time=_taken_at_ms(job) * 1_000_000,
            )
        self._spans[job.token] = span
        return span

    def _span(self, job: Job) -> Span:
        return self._spans.get(job.token, trace.INVALID_SPAN)

    @staticmethod
    def _count(job: Job, outcome: Outcome | None, settled: Settled, code: str) -> None:
        if settled in _ENDED:
            record("ai.job.duration_ms", _ran_ms(job), queue=job.queue, status=settled.value)
        if settled is Settled.HANDED_BACK:
            count("ai.job.handed_back", queue=job.queue)
        if settled is Settled.RETRIED:
            count("ai.job.retries", queue=job.queue, code=code)
        if settled is Settled.FAILED:
            count("ai.job.dead_letters", queue=job.queue, code=code)
        if settled in _ENDED and outcome and isinstance(outcome.error, WorkerLostError):
            count("ai.job.lost_runs", queue=job.queue)

    @staticmethod
    def _tell(job: Job, outcome: Outcome | None, settled: Settled, code: str) -> None:
        times = _times(job, outcome)
        log.log(
            logging.DEBUG if settled is Settled.CHANGED else logging.INFO,
            "job %s of %s: %s (code %s, attempt %d of %d)%s",
            job.id, job.queue, settled.value, code, job.attempts_made + 1, job.options.attempts,
            "".join(f", {name} {number}" for name, number in times.items()),
            extra={"fields": {"state": settled.value, "code": code, **times}},
        )  # fmt: skip


def _naming(job: Job) -> AbstractContextManager[None]:
    return working_on(job.id, queue=job.queue, kind=job.spec.kind, attempt=job.attempts_made + 1)


def _failure(outcome: Outcome | None, settled: Settled) -> JobError | None:
    """Return why an attempt failed, if it did: also one whose result could not be settled as such."""
    if settled is Settled.COMPLETED or outcome is None:
        return None
    if outcome.error is None and settled in _ENDED:
        return InternalError("The result could not be settled.")
    return outcome.error


def _attributes(job: Job) -> dict[str, AttributeValue]:
    """Return what OpenTelemetry's conventions for messaging say of a job, and what only we know."""
    attributes: dict[str, AttributeValue] = {
        "messaging.system": "bullmq",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": job.queue,
        "messaging.message.id": printable(job.id),
        "ai.job.type": job.spec.kind,
        "ai.job.attempt": job.attempts_made + 1,
        "ai.job.attempts": job.options.attempts,
    }
    waited = _waited_ms(job)
    return attributes | ({"ai.job.wait_ms": waited} if waited is not None else {})


def _times(job: Job, outcome: Outcome | None) -> dict[str, int]:
    """Return what a person asks about a job that was slow, or dear."""
    waited, usage = _waited_ms(job), outcome.usage if outcome else None
    times = {"waited_ms": waited} if waited is not None else {}
    times["ran_ms"] = _ran_ms(job)
    if usage is not None and usage.calls:
        times |= {"model_ms": usage.model_ms, "model_calls": usage.calls}
        times |= {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    return times


def _waited_ms(job: Job) -> int | None:
    """Return how long a job waited though it could have run; None where its record does not tell.

    A record tells when the job was made, not when a retry became due, or when a person sent the job anew: so
    it is known of a job that is taken for the first time.
    """
    if job.attempts_made or job.attempts_started > 1 or not job.timestamp or not job.processed_on:
        return None
    return max(round(job.processed_on - job.timestamp - job.options.delay_ms), 0)


def _taken_at_ms(job: Job) -> int:
    """Return when a job was taken; no later than now, whatever its record says."""
    now = round(time.time() * 1000)
    return min(job.processed_on or now, now)


def _ran_ms(job: Job) -> int:
    """Return how long ago a job was taken, by whichever bridge took it."""
    return round(time.time() * 1000) - _taken_at_ms(job)
