"""Cancellation of a job: its attempt ends as failed for good, whoever holds it and wherever it waits.

One script does it, and what it writes is the whole of it: the job's run has ended, with the error
``cancelled``. Whoever looks after the job settles that as any other outcome, with its dead letter. A job
that waits is put where jobs lie that nobody looks after, so that a bridge adopts it and finds that it has
ended. So it does not matter which bridge lives, or whether one dies in between.

A pool that runs the job finds a mark under its claim (:meth:`aiplane.ledger.claims.Claims.cancelled`).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from aiplane.bull import TOKEN_MARK
from aiplane.errors import JobCancelledError
from aiplane.ledger.claims import CANCELLED, CANCELLED_MARK_MS, cancelled_key
from aiplane.ledger.runs import ENTRY_TTL_MS, Outcome, job_of, outcome_channel, run_id, run_key
from aiplane.queues import KINDS
from aiplane.redis.lua import load_script
from aiplane.redis.untrusted_json import whole_number

if TYPE_CHECKING:
    from redis import Redis

    from aiplane.settings import Settings

CANCEL = load_script(__package__, "cancel")

_LISTS = (
    "active", "wait", "paused", "delayed", "prioritized", "waiting-children", "completed", "failed",
)  # fmt: skip

TRIES = 20
"""How often a job is looked at that moves on each time."""


class Was(Enum):
    """State in which a job was found that was to be cancelled."""

    ACTIVE = "active"
    WAITING = "waiting"
    DELAYED = "delayed"
    PRIORITIZED = "prioritized"
    CANCELLED = "cancelled"
    """It was cancelled before."""
    OVER = "over"
    """Its attempt has ended by itself, and that is about to be settled."""
    COMPLETED = "completed"
    FAILED = "failed"
    CHILDREN = "waiting-children"
    FOREIGN = "foreign"
    """A worker that is no bridge has it."""
    NOWHERE = "nowhere"
    UNKNOWN = "unknown"
    ANOTHER_ATTEMPT = "another attempt"
    MOVED_ON = "moved on"
    """It has changed while it was looked at."""


_CANCELLED_WAS = (Was.ACTIVE, Was.WAITING, Was.DELAYED, Was.PRIORITIZED, Was.CANCELLED)

_SENTENCES = {
    Was.ACTIVE: "was active; its attempt ends as failed for good.",
    Was.WAITING: "was waiting; it fails for good without being run.",
    Was.DELAYED: "was delayed; it fails for good without being run.",
    Was.PRIORITIZED: "was waiting by priority; it fails for good without being run.",
    Was.CANCELLED: "is cancelled already.",
    Was.OVER: "is not cancelled: its attempt has just ended by itself.",
    Was.COMPLETED: "is not cancelled: it is finished, and has completed.",
    Was.FAILED: "is not cancelled: it is finished, and has failed for good.",
    Was.CHILDREN: "is not cancelled: it waits for jobs that it depends on. Cancel those, or remove it.",
    Was.FOREIGN: "is not cancelled: a worker that is no bridge runs it.",
    Was.NOWHERE: "is not cancelled: it is in none of its queue's lists (see: aiplane audit).",
    Was.UNKNOWN: "does not exist.",
    Was.ANOTHER_ATTEMPT: "is not cancelled: that attempt at it is over.",
    Was.MOVED_ON: "is not cancelled: it moves too fast. Try again.",
}


class Cancellation(NamedTuple):
    """Outcome of cancelling a job."""

    queue: str
    job: str
    was: Was

    @property
    def done(self) -> bool:
        """True if the job is cancelled."""
        return self.was in _CANCELLED_WAS

    @property
    def sentence(self) -> str:
        """The sentence that a person is told."""
        return f"Job {self.job} of {self.queue} {_SENTENCES[self.was]}"


class Canceller:
    """Canceller of jobs. Safe to share between threads."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._queues = frozenset(map(settings.queue_name, KINDS))
        self._prefix = settings.bullmq_prefix
        self._cancel = redis.register_script(CANCEL)

    def cancel(self, queue: str, job_id: str) -> Cancellation:
        """Cancel a job, whatever attempt at it is due.

        Doing it twice is harmless. While Redis is asked the job may move on, so it is asked again then.

        Args:
            queue: BullMQ's name of the queue.
            job_id: the job's id.
        """
        return Cancellation(queue, job_id, self._ask(queue, job_id, None))

    def cancel_run(self, run: str) -> Cancellation | None:
        """Cancel the job of a run, if that is the attempt that is due.

        None if the text is not the id of a run under this prefix: others may keep jobs in the same Redis.
        """
        job = job_of(run)
        return Cancellation(*job, self._ask(*job, run)) if job and job[0] in self._queues else None

    def _ask(self, queue: str, job_id: str, run: str | None) -> Was:
        was = Was.MOVED_ON
        for _ in range(TRIES):
            if (was := self._once(queue, job_id, run)) is not Was.MOVED_ON:
                break
        return was

    def _once(self, queue: str, job_id: str, run: str | None) -> Was:
        job_key = f"{self._prefix}:{queue}:{job_id}"
        if self._redis.type(job_key) != "hash":
            return Was.UNKNOWN
        stored = cast("list[str | None]", self._redis.hmget(job_key, "timestamp", "atm", "attemptsMade"))
        timestamp, made = stored[0] or "", stored[1] or stored[2] or ""
        # Read as a bridge reads them, so that both find the same run.
        due = run_id(queue, job_id, whole_number(timestamp, 0), whole_number(made, 0))
        error = JobCancelledError("The job was cancelled.")
        keys = [run_key(self._prefix, due), job_key, f"{job_key}:lock"]
        keys += [f"{self._prefix}:{queue}:{name}" for name in _LISTS]
        arguments: list[Any] = [job_id, timestamp, made, Outcome(error=error).to_json()]
        arguments += [outcome_channel(self._prefix), due, cancelled_key(self._prefix, "")]
        arguments += [f"{TOKEN_MARK}:", CANCELLED, ENTRY_TTL_MS, CANCELLED_MARK_MS, run or due]
        return Was(self._cancel(keys=keys, args=[*arguments, f"{error.code}: "]))
