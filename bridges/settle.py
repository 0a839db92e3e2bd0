"""Settling: what a run came to goes back into BullMQ, all of it or nothing.

One transaction, guarded by the job's lock, moves the job on, adds the result job or the dead letter, and
closes the run. If a reply is lost, the lock tells whether it happened: the transaction takes it away. So
settling can be tried until it is done, and trying again is never running again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from redis.exceptions import NoScriptError, RedisError, WatchError

from aiplane.bull import ScriptRefusedError, check, dead_letter_id, result_id, stage_fold
from aiplane.errors import InternalError
from aiplane.queues import dead_letters_of, results_of
from aiplane.runs import Outcome
from aiplane.telemetry.propagation import metadata
from bridges.strict_json import read_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

    from aiplane.bull import Bull, BullQueue
    from aiplane.errors import JobError
    from aiplane.runs import Runs
    from bridges.job import Job

    Stage = Callable[[Pipeline], None]

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

# What the transaction relies on, in one read: lock, place, claim, outcome, children, and that the queue which
# gets a job with it can take one (a script that fails half-way is not undone).
_LOOK = """
return {
  redis.call('GET', KEYS[1]),
  redis.call('EXISTS', KEYS[2]) == 1 and redis.call('LPOS', KEYS[3], ARGV[1]) and 1 or 0,
  redis.call('HEXISTS', KEYS[4], 'claim'),
  redis.call('HEXISTS', KEYS[4], 'outcome'),
  redis.call('SCARD', KEYS[2] .. ':dependencies') + redis.call('ZCARD', KEYS[2] .. ':unsuccessful'),
  redis.call('TYPE', KEYS[5]).ok,
  redis.call('HEXISTS', KEYS[6], 'paused'),
}
"""


class Settled(Enum):
    """What became of a job that was to be settled."""

    COMPLETED = "completed"
    RETRIED = "retried"
    FAILED = "failed"
    HANDED_BACK = "handed back"
    CHANGED = "changed"
    """The run is no longer what it was judged by: it has to be judged again."""
    LOST = "lost"
    """The job is no longer ours. A try whose reply was lost may have settled it."""


class _StopError(Exception):
    """The transaction must not be made; ``settled`` says why."""

    def __init__(self, settled: Settled) -> None:
        super().__init__(settled)
        self.settled = settled


class _BrokenQueueError(Exception):
    """A key of the queue that a job is to be added to holds something that no BullMQ put there."""


class _ChildrenError(Exception):
    """The job cannot be completed, because children that it depends on are not done or have failed."""


class Settler:
    """Settles jobs. It keeps trying while Redis is away: the lock decides who may, not the clock."""

    def __init__(self, redis: Redis, bull: Bull, runs: Runs) -> None:
        self._redis = redis
        self._bull = bull
        self._runs = runs

    async def settle(self, job: Job, outcome: Outcome) -> Settled:
        """Complete, retry or fail a job.

        Where the outcome is the bridge's own verdict on a run that recorded none, and the run has recorded
        one since, that one counts: nothing is done and CHANGED is returned.
        """
        if outcome.error is not None:
            return await self._persist(job, lambda: self._fail(job, outcome))
        try:
            return await self._persist(job, lambda: self._complete(job, outcome))
        except _ChildrenError:
            error = InternalError("The job has children that are not done, or have failed.")
            return await self.settle(job, Outcome(error=error, recorded=True))

    async def hand_back(self, job: Job) -> Settled:
        """Put a job whose run nobody has claimed back to where it waited; no attempt is counted."""

        async def once() -> Settled:
            queue = self._bull.queue(job.queue)
            await self._commit(
                job, [lambda pipe: queue.stage_hand_back(pipe, job.handle)], unless_claimed=True
            )
            return Settled.HANDED_BACK

        return await self._persist(job, once)

    async def _complete(self, job: Job, outcome: Outcome) -> Settled:
        queue, results = self._bull.queue(job.queue), self._bull.queue(results_of(job.queue))
        value = with_job_id(outcome.result, job.id)
        answer_id, trace = result_id(job.id, job.processed_on), metadata(job.trace)
        options = {**RESULT_OPTIONS, **({"tm": trace} if trace else {})}
        await self._commit(
            job,
            [
                lambda pipe: results.stage_add(
                    pipe, job.spec.result_name, value, job_id=answer_id, options=options
                ),
                lambda pipe: queue.stage_completed(pipe, job.handle, value),
            ],
            target=results,
            unless_children=True,
        )
        return Settled.COMPLETED

    async def _fail(self, job: Job, outcome: Outcome) -> Settled:
        error = outcome.error or InternalError("The run ended without a result.")
        # A lone surrogate cannot be written, and what cannot be written would be tried for ever.
        reason = error.failed_reason.encode(errors="replace").decode()
        queue = self._bull.queue(job.queue)
        traces = job.traces_with(outcome.stacktrace or reason)
        if error.retryable and job.attempts_made + 1 < job.options.attempts:
            delay = job.options.backoff.delay(job.attempts_made + 1)
            await self._commit(
                job,
                [lambda pipe: queue.stage_retry(pipe, job.handle, delay, reason, traces)],
                unless_finished=not outcome.recorded,
            )
            return Settled.RETRIED
        letter = await self._dead_letter(job, error, traces)
        await self._commit(
            job,
            [letter, lambda pipe: queue.stage_failed(pipe, job.handle, reason, traces)],
            target=self._bull.queue(dead_letters_of(job.queue)),
            unless_finished=not outcome.recorded,
        )
        return Settled.FAILED

    async def _dead_letter(self, job: Job, error: JobError, traces: Sequence[str]) -> Stage:
        queue, letters = self._bull.queue(job.queue), self._bull.queue(dead_letters_of(job.queue))
        failed_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        letter = {
            "jobId": job.id,
            "name": job.name,
            "opts": job.options.stored,
            "failedReason": error.failed_reason,
            "code": error.code,
            "attemptsMade": job.attempts_made + 1,
            "stacktrace": list(traces),
            "failedAt": failed_at,
        }
        data = await queue.data(job.id)
        text = f'{json.dumps(letter)[:-1]},"data":{data if is_json(data) else json.dumps(data)}}}'
        letter_id = dead_letter_id(job.id, job.processed_on)
        return lambda pipe: letters.stage_add(pipe, job.name, text, job_id=letter_id, options={"attempts": 1})

    async def _persist(self, job: Job, once: Callable[[], Awaitable[Settled]]) -> Settled:
        pause = FIRST_PAUSE
        while True:
            try:
                return await once()
            except _StopError as stop:
                return stop.settled
            except WatchError:
                continue  # a renewal or a worker touched what we watch; look again
            except NoScriptError:
                await self._load_scripts()
            except ScriptRefusedError as refusal:
                log.warning("job %s of %s was not settled: %s", job.id, job.queue, refusal)
                return Settled.LOST
            except _BrokenQueueError as error:
                log.warning("job %s of %s cannot be settled: %s", job.id, job.queue, error)
            except (RedisError, OSError) as error:
                log.warning("settling job %s of %s waits: %s", job.id, job.queue, type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _load_scripts(self) -> None:
        try:
            await self._bull.load_scripts()
        except (RedisError, OSError) as error:
            log.warning("Redis lost its scripts and does not take them now: %s", type(error).__name__)

    async def _commit(
        self,
        job: Job,
        stages: Sequence[Stage],
        *,
        target: BullQueue | None = None,
        unless_claimed: bool = False,
        unless_finished: bool = False,
        unless_children: bool = False,
    ) -> None:
        queue, run_key = self._bull.queue(job.queue), self._runs.key(job.run)
        lock_key = queue.lock_key(job.id)
        async with self._redis.pipeline(transaction=True) as pipe:
            target = target or queue
            wait_key, meta_key = target.key("wait"), target.key("meta")
            token, active, claimed, finished, children, wait_type, paused = await watch_and_look(
                pipe,
                watched=[lock_key, run_key, meta_key],
                keys=[lock_key, queue.key(job.id), queue.key("active"), run_key, wait_key, meta_key],
                job_id=job.id,
            )
            if token != job.token or not active:
                raise _StopError(Settled.LOST)
            if (unless_claimed and claimed) or (unless_finished and finished):
                raise _StopError(Settled.CHANGED)
            if unless_children and children:
                raise _ChildrenError
            if wait_type not in ("none", "list"):
                raise _BrokenQueueError(f"{wait_key} is a {wait_type}, not a list")
            pipe.multi()
            if job.unreadable:
                pipe.hdel(queue.key(job.id), *job.unreadable)
            for stage in stages:
                stage(pipe)
            if paused:
                stage_fold(pipe, target)
            self._runs.stage_close(pipe, job.run)
            for reply in await pipe.execute(raise_on_error=False):
                check(reply)


async def watch_and_look(
    pipe: Pipeline, *, watched: Sequence[str], keys: Sequence[str], job_id: str
) -> Sequence[Any]:
    """Watch keys and look at what the transaction relies on: both in one round trip, in this order."""
    connection = pipe.connection = await pipe.connection_pool.get_connection()
    look = ("EVAL", _LOOK, len(keys), *keys, job_id)
    try:
        await connection.send_packed_command(connection.pack_commands([("WATCH", *watched), look]))
        await pipe.parse_response(connection, "WATCH")
        return cast("Sequence[Any]", await pipe.parse_response(connection, "EVAL"))
    except BaseException:
        # What was sent and not read would be taken for the answer to something else.
        await connection.disconnect()
        pipe.watching = False
        raise


def with_job_id(result: str, job_id: str) -> str:
    """Return the JSON text of ``result``, an object, with the id of the job that it answers."""
    rest = result.lstrip()[1:].lstrip()
    return f'{{"jobId":{json.dumps(job_id)}{"" if rest.startswith("}") else ","}{rest}'


def is_json(text: str | None) -> bool:
    """Whether ``text`` can be put into a larger JSON text as it is."""
    try:
        read_json(text or "")
    except ValueError:
        return False
    return True
