"""The frame around every task: who called it, its deadline, and what becomes of its result.

A task can be called in three ways, and its body is the same in each:

* as a function, ``generate_hint(payload)``: it returns the result or raises;
* with ``.delay(payload)``: Celery runs it in a pool, and tries again where the failure allows it;
* by the bridge: the message names a run. The worker claims it, reads the payload from the job itself, and
  records the outcome in the ledger. BullMQ alone decides what a failure means.
"""

from __future__ import annotations

import json
import logging
import uuid
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from celery import Task
from celery.exceptions import Ignore
from redis import RedisError

from aiplane.context import deadline
from aiplane.context.bounded import OutOfTimeError, wait_for
from aiplane.context.usage import counted
from aiplane.contracts import PAYLOADS
from aiplane.contracts.job_data import MOST_BYTES, read_fields
from aiplane.errors import (
    InternalError,
    InvalidPayloadError,
    JobCancelledError,
    JobError,
    JobTimeoutError,
    LLMTimeoutError,
)
from aiplane.errors.stacktrace import bare, describe
from aiplane.ledger.runs import RUN_HEADER, Outcome
from aiplane.queues import QUEUES
from aiplane.telemetry.spans import fail
from aiplane.worker import progress
from aiplane.worker.outages import despite_outages
from aiplane.worker.run_span import run_span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from opentelemetry.trace import Span

    from aiplane.bull import Note
    from aiplane.context.deadline import CallOff
    from aiplane.context.usage import Tally
    from aiplane.ledger.claims import Claim
    from aiplane.queues import QueueSpec
    from aiplane.sandbox.pool import HelperPool
    from aiplane.worker.application import Application
    from aiplane.worker.time_limits import Limit

log = logging.getLogger(__name__)

T = TypeVar("T")

RETRIES = 2
"""How often a task that a person sent is tried again: with the first attempt, the contract's three."""

RETRY_DELAY = 5.0
"""Seconds before the first of these retries; doubled for the next."""

GRACE = 2.0
"""Seconds that a body has to notice its deadline before it is left behind."""


class JobTask(Task):
    """Base of the tasks.

    Attributes:
        programs: what its work asks beside the providers; in a pool they stand by before the first job.
    """

    abstract = True
    app: Application
    programs: Sequence[HelperPool] = ()
    Request = "aiplane.worker.request:JobRequest"

    # What the contract calls a failure is no fault of the worker: Celery logs it without a trace.
    throws = (JobError,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task's body in the way that the caller asks for."""
        run = self.request.get(RUN_HEADER)
        if run is not None:
            return self._run_for_bridge(run)
        with deadline.within(self._time_limit):
            if self.request.called_directly:
                return self.run(*args, **kwargs)
            return self._run_for_person(args, kwargs)

    @property
    def _spec(self) -> QueueSpec:
        return next(spec for spec in QUEUES.values() if spec.task == self.name)

    @property
    def _time_limit(self) -> float:
        return float(self.app.settings.time_limit(self._spec.kind))

    def _run_for_person(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with (
            deadline.can_be_called_off() as call_off,
            self.app.runtime.running.ended_by(self.request.id, call_off.make, lent=True),
        ):
            try:
                return bounded(lambda: self.run(*args, **kwargs), self._time_limit)
            except Exception as error:  # noqa: BLE001 -- raised again below, without what its frames hold
                failure = _cancelled() if call_off.made else self._told_failure(error)
        if not failure.retryable or isinstance(failure, InternalError):
            raise failure
        delay = RETRY_DELAY * 2 ** min(self.request.retries, RETRIES)
        raise self.retry(exc=failure, countdown=delay, max_retries=RETRIES)

    def _told_failure(self, error: Exception) -> JobError:
        if isinstance(error, JobError):
            return bare(error)
        failure = _fault_of_ours(f"task {self.request.id}", error)
        bare(error)
        return failure

    def _run_for_bridge(self, run: Mapping[str, str]) -> None:
        claim = self._claim(run)
        if claim is None:
            log.debug("run %s is claimed or settled already; this delivery of it is ignored", run["run"])
            raise Ignore
        # Nothing but the task itself may hold on to the data while it runs: a recording is tens of megabytes.
        claim, data = replace(claim, data=None), [claim.data]
        telling = progress.telling(self.app.runtime.progress, run, self.request.hostname)
        with (
            run_span(run, self._spec) as span,
            telling,
            counted() as tally,
            deadline.can_be_called_off() as call_off,
        ):
            limit = self.app.runtime.time_limits.limit(
                self._time_limit + GRACE, lambda: self._leave_behind(claim, span, tally)
            )
            with self.app.runtime.running.ended_by(
                claim.token, lambda: self._cancel(claim, limit, span, call_off)
            ):
                outcome = self._outcome(claim, data)
            if limit.lift():
                self._end(claim, outcome, span, tally)
            else:
                level = logging.INFO if call_off.made else logging.WARNING
                log.log(level, "work that was left behind has ended")
                self.app.runtime.slots.take_back()
                outcome = Outcome(error=_cancelled()) if call_off.made else self._overdue
        if outcome.error is not None:
            raise outcome.error from None

    def _leave_behind(self, claim: Claim, span: Span, tally: Tally) -> None:
        log.warning("work that does not look at its deadline is left behind; it may still be running")
        # The slot first: recording can take as long as Redis is away.
        self.app.runtime.slots.leave_behind()
        self._end(claim, self._overdue, span, tally)

    def _cancel(self, claim: Claim, limit: Limit, span: Span, call_off: CallOff) -> None:
        if not limit.lift():
            return
        log.info("the job was cancelled; its work is left behind")
        self.app.runtime.slots.leave_behind()
        error = _cancelled()
        self.app.runtime.claims.let_go(claim, Outcome(error=error, stacktrace=JobCancelledError.__name__))
        call_off.make()
        # Who has cancelled it has recorded the outcome, so nothing is there to go with it.
        notes = progress.ended(error)
        self.app.runtime.progress.put(*notes)
        fail(span, error)
        span.end()

    @property
    def _overdue(self) -> Outcome:
        return Outcome(error=_out_of_time(self._time_limit), stacktrace=JobTimeoutError.__name__)

    def _end(self, claim: Claim, outcome: Outcome, span: Span, tally: Tally) -> None:
        notes = progress.ended(outcome.error)
        if outcome.error is not None:
            fail(span, outcome.error)
        # Before anybody hears of it: the job's span, in which this one lies, ends by that.
        span.end()
        if not self._record(claim, replace(outcome, usage=tally.usage), notes):
            log.warning("the run was given up by the bridge while it ran; its outcome is dropped")
        log.debug("the run ended: %s", outcome.error.code if outcome.error else "with a result")

    def _claim(self, run: Mapping[str, str]) -> Claim | None:
        claims, token = self.app.runtime.claims, uuid.uuid4().hex
        try:
            return despite_outages(lambda: claims.claim(run["run"], run["queue"], run["job"], token=token))
        except (RedisError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is, the bridge must hear of it
            # It would fail in every pool.
            fault = _fault_of_ours(f"run {run['run']}", error)
            refusal = Outcome(error=fault, stacktrace=describe(error))
            bare(error)
            despite_outages(lambda: claims.refuse(run["run"], refusal, token=token))
            raise fault from None

    def _record(self, claim: Claim, outcome: Outcome, notes: Sequence[Note]) -> bool:
        claims = self.app.runtime.claims
        try:
            return despite_outages(lambda: claims.finish(claim, outcome, notes))
        except (RedisError, OSError):
            claims.give_up(claim)
            raise

    def _outcome(self, claim: Claim, data: list[str | None]) -> Outcome:
        try:
            with deadline.within(self._time_limit), told_apart(self._time_limit):
                result = self.run(self._payload(claim, data.pop()))
            # NaN and the like are not JSON, and BullMQ's consumers would choke on them.
            return Outcome(result=json.dumps(result, allow_nan=False))
        except JobError as error:
            return Outcome(stacktrace=describe(error), error=bare(error))
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the job must end with a code
            outcome = Outcome(error=_fault_of_ours(f"run {claim.run}", error), stacktrace=describe(error))
            bare(error)
            return outcome

    def _payload(self, claim: Claim, data: str | None) -> Any:
        if claim.size > MOST_BYTES:
            raise InvalidPayloadError(f"The job's data is longer than {MOST_BYTES // 1024**2} MB.")
        if data is None:
            raise InvalidPayloadError("The job's record has no data.")
        return read_fields(data, PAYLOADS[self._spec.kind].wire_names())


def bounded(work: Callable[[], T], seconds: float) -> T:
    """Run ``work`` and return what it returns, but wait no longer than its deadline allows.

    What waits inside it looks at the deadline and ends by itself; a body that does not is left behind.

    Raises:
        JobTimeoutError: the deadline has passed.
        Exception: whatever ``work`` raises.
    """
    try:
        with told_apart(seconds):
            return wait_for(work, seconds + GRACE, name="job")
    except OutOfTimeError as error:
        log.warning("work that does not look at its deadline was left behind; it may still be running")
        raise _out_of_time(seconds) from error


@contextmanager
def told_apart(seconds: float) -> Iterator[None]:
    """Tell a call of the model that took too long from one that the job's own limit of seconds has ended."""
    try:
        yield
    except LLMTimeoutError as error:
        if deadline.remaining() > 0:
            raise
        raise _out_of_time(seconds) from error


def _out_of_time(seconds: float) -> JobTimeoutError:
    return JobTimeoutError(f"The job ran past its limit of {seconds:g} seconds.")


def _cancelled() -> JobError:
    return JobCancelledError("The job was cancelled.")


def _fault_of_ours(what: str, error: BaseException) -> InternalError:
    # Not log.exception: the error's own message may quote the payload.
    log.critical("%s failed by a fault of ours\n%s", what, describe(error))
    return InternalError("aiplane failed on this job; its log says where.")
