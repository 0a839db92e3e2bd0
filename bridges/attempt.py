"""One attempt at a job: open its run, send it, await it, settle it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from aiplane.errors import InternalError, InvalidPayloadError
from aiplane.ledger.runs import Opened, Outcome
from bridges.retry import despite_outages
from bridges.settle import Settled, Settler
from bridges.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiplane.bull import Bull
    from aiplane.ledger.runs import Runs
    from bridges.dispatch import Dispatch
    from bridges.in_flight import InFlight
    from bridges.job import Job
    from bridges.job_telemetry import JobTelemetry
    from bridges.settle import NextJob
    from bridges.watch import Watch

log = logging.getLogger(__name__)


class Attempts:
    """Attempts at jobs, each from when it was taken until it is settled, or another's."""

    def __init__(
        self,
        *,
        bull: Bull,
        runs: Runs,
        dispatch: Dispatch,
        watch: Watch,
        in_flight: InFlight,
        telemetry: JobTelemetry,
        succession: Callable[[Job], NextJob | None],
        succeed: Callable[[Job, Job], None],
    ) -> None:
        """Prepare.

        Args:
            bull: the queues.
            runs: the ledger.
            dispatch: sends runs.
            watch: awaits them.
            in_flight: the jobs in hand.
            telemetry: told of what happens to each.
            succession: says how the next job is taken as this one is settled; None if it is not.
            succeed: called with a job that was settled and the one that was taken with it.
        """
        self._bull = bull
        self._runs = runs
        self._dispatch = dispatch
        self._watch = watch
        self._settler = Settler(bull, runs)
        self._in_flight = in_flight
        self._telemetry = telemetry
        self._succession = succession
        self._succeed = succeed

    async def run(self, job: Job) -> None:
        """Look after a job that was taken, or adopted, until it is out of our hands."""
        try:
            await self._run(job)
        except Exception as error:
            log.exception("job %s of %s failed by a fault of the bridge", job.id, job.queue)
            if not await self._settle(job, _fault_of_ours(error)):
                await self._see_recorded(job)

    async def _see_recorded(self, job: Job) -> None:
        """Try again with the outcome that was recorded meanwhile, or has just failed to be settled."""
        try:
            await self._run(job)
        except Exception as error:
            # Otherwise it would be tried for ever: by this bridge, or by who adopts the job.
            log.exception("job %s of %s has an outcome that cannot be settled", job.id, job.queue)
            await self._settle(job, replace(_fault_of_ours(error), recorded=True))

    async def _run(self, job: Job) -> None:
        await self._advance_scheduler(job)
        refusal = refuse(job)
        if refusal is not None:
            await self._settle(job, refusal)
            return
        with self._watch.follow(job) as run:
            opened = Opened.NEW if job.sent else await self._open(job)
            if opened is Opened.LOST:
                return
            if opened is Opened.THERE:
                await despite_outages(lambda: self._watch.look([run]))
            while not await self._answered(job, await run.answer):
                run.sent_again()

    async def _answered(self, job: Job, answer: Outcome | Verdict) -> bool:
        """Do what a verdict asks for; True if the job is out of our hands."""
        if isinstance(answer, Outcome):
            return await self._settle(job, answer)
        if answer is Verdict.HAND_BACK:
            log.warning("no pool has begun job %s of %s; it is handed back", job.id, job.queue)
            with self._in_flight.settling(job):
                settled = await self._settler.hand_back(job)
            self._telemetry.settled(job, None, settled)
            return settled is not Settled.CHANGED
        if answer is Verdict.REOPEN:
            if await self._open(job) is Opened.LOST:
                return True
        else:
            await self._dispatch.send(job)
        self._telemetry.sent_again(job)
        return False

    async def _settle(self, job: Job, outcome: Outcome) -> bool:
        """Settle a job, and let the next one have its slot; True if it is out of our hands."""
        with self._in_flight.settling(job):
            settled, successor = await self._settler.settle(job, outcome, lambda: self._succession(job))
        if successor is not None:
            self._succeed(job, successor)
        self._telemetry.settled(job, outcome, settled)
        return settled is not Settled.CHANGED

    async def _advance_scheduler(self, job: Job) -> None:
        if job.scheduler is None:
            return
        scheduler, queue = job.scheduler, self._bull.queue(job.queue)
        try:
            await despite_outages(
                lambda: queue.advance_scheduler(
                    scheduler, job_id=job.id, name=job.name, options=job.options.stored
                )
            )
        except Exception as error:  # noqa: BLE001 -- the options are anything that anyone wrote
            # A schedule that cannot be read is no reason not to run the job that it has made already.
            log.warning("the schedule of job %s of %s cannot go on: %r", job.id, job.queue, type(error))

    async def _open(self, job: Job) -> Opened:
        """Open a job's run, and send it if nobody has opened it before."""
        lock_key = self._bull.queue(job.queue).lock_key(job.id)
        message = self._dispatch.message(job) if self._dispatch.beside else None
        opened = await despite_outages(lambda: self._runs.open(job.run, lock_key, job.token, message))
        if opened is Opened.NEW and message is None:
            await self._dispatch.send(job)
        return opened


def refuse(job: Job) -> Outcome | None:
    """Return why a job must fail without being run, if so."""
    if job.deferred_failure is not None:
        reason = job.deferred_failure[:300]
        return Outcome(error=InvalidPayloadError(f"A job that this one depends on has failed ({reason})."))
    if job.fault is not None:
        return Outcome(error=InvalidPayloadError(job.fault))
    return None


def _fault_of_ours(error: Exception) -> Outcome:
    return Outcome(
        error=InternalError("aiplane failed on this job; its log says where."),
        stacktrace=type(error).__name__,
    )
