"""Settlement of jobs: what a run came to goes back into BullMQ, all of it or nothing.

One script, guarded by the job's lock, moves the job on, adds the result job or the dead letter, and closes
the run; where the job's slot is wanted, it takes the next job too, as BullMQ's own worker does. If a reply is
lost, the lock tells whether it happened: the script takes it away. So settling can be tried until it is done,
and trying again is never running again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from redis.exceptions import RedisError

from aiplane.bull import (
    LETTER_FIELD,
    MERGE_PAUSED,
    ScriptCall,
    ScriptRefusedError,
    check,
    dead_letter_id,
    iso_now,
    merging_paused,
    result_id,
)
from aiplane.context.backoff import doubled
from aiplane.errors import InternalError
from aiplane.ledger.runs import CLOSE, Outcome
from aiplane.queues import dead_letters_of, results_of
from aiplane.redis.json_splice import spliced
from aiplane.redis.lua import load_script
from aiplane.redis.troubles import TROUBLES
from aiplane.redis.untrusted_json import read_json
from aiplane.telemetry.propagation import metadata
from bridges.take_script import TAKE_SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiplane.bull import Bull, BullQueue, ScriptBatch
    from aiplane.errors import JobError
    from aiplane.ledger.runs import Runs
    from bridges.job import Job

log = logging.getLogger(__name__)

RESULT_OPTIONS: dict[str, Any] = {
    "attempts": 3,
    "backoff": {"type": "exponential", "delay": 1500},
    "removeOnComplete": 100,
    "removeOnFail": False,
}
"""The options of a result job, by the contract."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Seconds between tries while Redis refuses or does not answer: doubled from the first to the longest."""

_GUARD = load_script(__package__, "guard")

_FAILURE_FIELDS = ("failedReason", LETTER_FIELD)
"""What a job that completes after a failure has no more: who finds a reason there takes it for failed."""

_SCRIPTS = (
    "addStandardJob",
    "moveToFinished",
    "moveToDelayed",
    "retryJob",
    "moveJobFromActiveToWait",
    "moveToActive",
    "removeJob",
)
"""BullMQ's scripts that settling is made of, and taking the next job."""


class Settled(Enum):
    """Outcome for a job that was to be settled."""

    COMPLETED = "completed"
    RETRIED = "retried"
    FAILED = "failed"
    HANDED_BACK = "handed back"
    CHANGED = "changed"
    """The run is no longer what it was judged by: it has to be judged again."""
    LOST = "lost"
    """The job is no longer ours. A try whose reply was lost may have settled it."""


class _Refusal(IntEnum):
    """Answer of the guard where the job must not be settled so."""

    LOST = -101
    CHANGED = -102
    CHILDREN = -103
    """Children that the job depends on are not done, or have failed."""
    BROKEN_QUEUE = -104
    """A key of the queue that a job is to be added to holds something that no BullMQ put there."""


class _BrokenQueueError(Exception):
    """Queue that cannot take the job that is to be added to it; somebody has to look at it."""


class _ChildrenError(Exception):
    """Children that keep a job from being completed."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Plan of a settlement: what is to be done, and what must hold for it.

    Attributes:
        settled: what becomes of the job by it.
        steps: what does it.
        target: the queue that gets a job by it.
        only_if: ``unclaimed`` or ``unfinished``, of the run; ``childless``, of the job; or nothing.
        heard: the digest of the outcome that the ledger must hold; empty if it was read there.
        outdated: fields of the job's record that are true no longer by it.
    """

    settled: Settled
    steps: Sequence[ScriptCall]
    target: BullQueue
    only_if: str = ""
    heard: str = ""
    outdated: Sequence[str] = ()


class Settlement(NamedTuple):
    """Outcome for a job, and the job that was taken into its place, if one was."""

    settled: Settled
    successor: Job | None = None


class NextJob(NamedTuple):
    """The next job, taken into the place of one that is settled.

    Attributes:
        step: what takes it.
        read: reads the step's answer; None if no job waits.
    """

    step: ScriptCall
    read: Callable[[Any], Job | None]


def nobody() -> None:
    """Take no job into the place of one that is settled."""


def settling_steps(bull: Bull) -> ScriptBatch:
    """Return the steps of which any settlement takes some."""
    return bull.steps(_SCRIPTS, {"guard": _GUARD, "mergePaused": MERGE_PAUSED, "close": CLOSE} | TAKE_SCRIPTS)


class Settler:
    """Settler of jobs. It keeps trying while Redis is away: the lock decides who may, not the clock."""

    def __init__(self, bull: Bull, runs: Runs) -> None:
        self._bull = bull
        self._runs = runs
        self._scripts = settling_steps(bull)

    async def settle(
        self, job: Job, outcome: Outcome, succession: Callable[[], NextJob | None] = nobody
    ) -> Settlement:
        """Complete, retry or fail a job.

        Where the outcome is the bridge's own verdict on a run that recorded none, and the run has recorded
        one since, that one counts: nothing is done and CHANGED is returned.

        Args:
            job: the job.
            outcome: what its run came to.
            succession: called before each try; says how the next job is taken into its place, if so.
        """
        if outcome.error is not None:
            return await self._persist(job, lambda: self._failure(job, outcome), succession)
        try:
            return await self._persist(job, lambda: self._completion(job, outcome), succession)
        except _ChildrenError:
            error = InternalError("The job has children that are not done, or have failed.")
            return await self.settle(job, Outcome(error=error, recorded=True), succession)

    async def hand_back(self, job: Job) -> Settled:
        """Put a job whose run nobody has claimed back to where it waited; no attempt is counted."""
        queue = self._bull.queue(job.queue)

        async def plan() -> _Plan:
            return _Plan(Settled.HANDED_BACK, [queue.handing_back(job.handle)], queue, only_if="unclaimed")

        return (await self._persist(job, plan, nobody)).settled

    async def _completion(self, job: Job, outcome: Outcome) -> _Plan:
        queue, results = self._bull.queue(job.queue), self._bull.queue(results_of(job.queue))
        value = with_job_id(outcome.result, job.id)
        answer_id, trace = result_id(job.id, job.processed_on), metadata(job.trace)
        options = {**RESULT_OPTIONS, **({"tm": trace} if trace else {})}
        steps = [
            *self._without_letter(job),
            results.adding(job.spec.result_name, value, job_id=answer_id, options=options),
            queue.completing(job.handle, value),
        ]
        return _Plan(Settled.COMPLETED, steps, results, "childless", outcome.heard, _FAILURE_FIELDS)

    async def _failure(self, job: Job, outcome: Outcome) -> _Plan:
        error = outcome.error or InternalError("The run ended without a result.")
        # A lone surrogate cannot be written, and what cannot be written would be tried for ever.
        reason = error.failed_reason.encode(errors="replace").decode()
        queue = self._bull.queue(job.queue)
        traces = job.traces_with(outcome.stacktrace or reason)
        only_if = "" if outcome.recorded else "unfinished"
        if error.retryable and job.attempts_made + 1 < job.options.attempts:
            delay = job.options.backoff.due(job.attempts_made + 1, error.retry_after)
            step = queue.retrying(job.handle, delay, reason, traces)
            return _Plan(Settled.RETRIED, [step], queue, only_if, outcome.heard)
        letters, letter_id = self._letters(job), dead_letter_id(job.id, job.processed_on)
        steps = [
            *self._without_letter(job),
            await self._dead_letter(job, letter_id, error, traces),
            queue.failing(job.handle, reason, traces, letter_id),
        ]
        return _Plan(Settled.FAILED, steps, letters, only_if, outcome.heard)

    def _letters(self, job: Job) -> BullQueue:
        return self._bull.queue(dead_letters_of(job.queue))

    def _without_letter(self, job: Job) -> list[ScriptCall]:
        """Return the steps that remove the letter of an earlier end of the job, if there was one."""
        if job.dead_letter is None:
            return []
        # A letter that somebody is reading is locked, and stays.
        return [self._letters(job).removing(job.dead_letter)._replace(best_effort=True)]

    async def _dead_letter(
        self, job: Job, letter_id: str, error: JobError, traces: Sequence[str]
    ) -> ScriptCall:
        queue, letters = self._bull.queue(job.queue), self._letters(job)
        letter = {
            "jobId": job.id,
            "name": job.name,
            "failedReason": error.failed_reason,
            "code": error.code,
            "attemptsMade": job.attempts_made + 1,
            "stacktrace": list(traces),
            "failedAt": iso_now(),
        }
        data = await queue.data(job.id)
        # Both as they are stored: what was read of them is not always what another reader would write.
        stored = {"opts": job.options.text, "data": data if data and is_json(data) else json.dumps(data)}
        text = spliced({name: json.dumps(value) for name, value in letter.items()} | stored)
        return letters.adding(job.name, text, job_id=letter_id, options={"attempts": 1})

    async def _persist(
        self, job: Job, plan: Callable[[], Awaitable[_Plan]], succession: Callable[[], NextJob | None]
    ) -> Settlement:
        pauses = doubled(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            try:
                return await self._try(job, await plan(), succession())
            except ScriptRefusedError as refusal:
                log.warning("job %s of %s was not settled: %s", job.id, job.queue, refusal)
                return Settlement(Settled.LOST)
            except _BrokenQueueError as error:
                log.warning("job %s of %s cannot be settled: %s", job.id, job.queue, error)
            except (RedisError, OSError) as error:
                log.warning("settling job %s of %s waits: %s", job.id, job.queue, TROUBLES.note(error))
            await asyncio.sleep(next(pauses))

    async def _try(self, job: Job, plan: _Plan, succession: NextJob | None) -> Settlement:
        steps = [self._guard(job, plan), *plan.steps, self._closing(job), merging_paused(plan.target)]
        if succession is not None:
            # What others have written can break it off, and this job is settled all the same.
            steps.append(succession.step._replace(best_effort=True))
        answer = (await self._scripts.take(steps))[-1]
        if answer == _Refusal.LOST:
            return Settlement(Settled.LOST)
        if answer == _Refusal.CHANGED:
            return Settlement(Settled.CHANGED)
        if answer == _Refusal.CHILDREN:
            raise _ChildrenError
        if answer == _Refusal.BROKEN_QUEUE:
            raise _BrokenQueueError(f"{plan.target.key('wait')} is not a list")
        check(answer)
        return Settlement(plan.settled, succession.read(answer) if succession else None)

    def _guard(self, job: Job, plan: _Plan) -> ScriptCall:
        queue = self._bull.queue(job.queue)
        keys = [
            queue.lock_key(job.id),
            queue.key(job.id),
            queue.key("active"),
            self._runs.key(job.run),
            plan.target.key("wait"),
        ]
        return ScriptCall(
            "guard", keys, [job.token, job.id, plan.only_if, plan.heard, *job.unreadable, *plan.outdated]
        )

    def _closing(self, job: Job) -> ScriptCall:
        return ScriptCall("close", [self._runs.key(job.run)], [])


def with_job_id(result: str, job_id: str) -> str:
    """Return the JSON text of ``result``, an object, with the id of the job that it answers."""
    return spliced({"jobId": json.dumps(job_id)}, result)


def is_json(text: str | None) -> bool:
    """Return whether ``text`` can be put into a larger JSON text as it is."""
    try:
        read_json(text or "")
    except (ValueError, RecursionError):
        return False
    return True
