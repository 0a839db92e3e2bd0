"""Outcomes of jobs for a control plane in Python: results as they come, and final failures.

The result queues are consumed as a Node worker consumes them: a result is taken, locked while it is handled,
and completed. One that cannot be handled is tried again as its options say; one that cannot be handled now
(:class:`NotNowError`: a database is away) is kept until it can, and costs no attempt. A consumer that dies
leaves its result to another. So a result is handled at least once, and whoever handles it makes twice the
same as once, by the id of the job.

Failures come from the event streams of the job queues, which say when a job has failed for the last time.
Nothing is taken from there, nor from the dead letters, which are their operators'. A stream tells only those
who listen, so what happened meanwhile has to be asked for (:meth:`aiplane.client.Client.result`).

    consumer = ResultsConsumer(settings, on_result, on_failure)
    async with consumer:
        await forever
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self, cast

from redis.exceptions import RedisError

from aiplane.bull import (
    LOCK_MS,
    Bull,
    JobHandle,
    ScriptRefusedError,
    broken_counters,
    check,
    kept_jobs,
    read_count,
    read_taken,
    stage_count,
)
from aiplane.client import JobFailedError
from aiplane.context.backoff import listed
from aiplane.context.cancellation import cancel
from aiplane.contracts import HintResult, InterviewResult, Result, ReviewResult, TranscribeResult
from aiplane.queues import KINDS, results_of
from aiplane.redis.clients import COMMAND_TIMEOUT, connect
from aiplane.redis.refusals import told
from aiplane.redis.untrusted_json import read_object, whole_number

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from redis.asyncio import Redis

    from aiplane.bull import BullQueue, Taken
    from aiplane.queues import Kind
    from aiplane.settings import Settings

log = logging.getLogger(__name__)

RESULTS: Mapping[Kind, type[Result]] = MappingProxyType(
    {"interview": InterviewResult, "hint": HintResult, "review": ReviewResult, "transcribe": TranscribeResult}
)
"""The type of each kind's result."""

BLOCK_SECONDS: Final = 5.0
"""Seconds that a loop waits for a result before it looks by itself: a marker can be lost."""

AGAIN_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses while Redis, or what results are put into, is away; the last one is repeated."""

GRACE_SECONDS: Final = 3.0
"""Seconds that results which are being handled get to end when a consumer stops."""

RETRY_DELAY_MS: Final = 1_500
"""The first delay of a result that could not be handled, doubled each time (the wire contract)."""

MOST_DOUBLINGS: Final = 10
"""Of that delay. How many attempts were made is a number that anyone may have written."""

_STEPS: Final = ("moveToActive", "moveToFinished", "moveToDelayed", "retryJob", "moveJobFromActiveToWait")


class NotNowError(Exception):
    """Temporary failure of a handler: its database is away, say, and will be back."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The result of one job.

    Attributes:
        kind: the kind of the job.
        job_id: the job that it answers.
        result: the result as it came, without that id.
        trace: the W3C trace context that it came with, as JSON text; None if it came with none.
    """

    kind: Kind
    job_id: str
    result: Mapping[str, Any] = field(repr=False)
    trace: str | None = None

    def parsed(self) -> Result:
        """Return the result as the wire contract types it.

        Raises:
            pydantic.ValidationError: it is not of the contract.
        """
        return RESULTS[self.kind].model_validate(self.result)


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed for good.

    Attributes:
        kind: the kind of the job.
        job_id: the job.
        code: a code of :mod:`aiplane.errors`; empty if the reason does not begin with one.
        sentence: the reason without the code, for a person.
    """

    kind: Kind
    job_id: str
    code: str
    sentence: str


class ResultsConsumer:
    """Consumer of all result queues, and of final failures, within an ``async with`` block.

    Args:
        settings: which Redis, prefix and queues.
        on_result: handles one result. It may be called twice with the same one.
        on_failure: handles one failure, likewise. What it raises is logged, and the failure is not told
            again.
        on_started: hears of each job that a worker takes, by its kind and id, likewise.
        loops: how many results of each kind are waited for at once.
        helpers: how many more are handled at once while there are any: a process that has much else to do
            gives each its turn, and results are to have as many turns as what asks for them.
    """

    def __init__(
        self,
        settings: Settings,
        on_result: Callable[[Delivery], Awaitable[None]],
        on_failure: Callable[[Failure], Awaitable[None]],
        *,
        on_started: Callable[[Kind, str], Awaitable[None]] | None = None,
        loops: int = 2,
        helpers: int = 6,
    ) -> None:
        self._on_result = on_result
        self._on_failure = on_failure
        self._on_started = on_started
        self._loops, self._helpers = loops, helpers
        self._more = {kind: asyncio.Semaphore(0) for kind in KINDS}
        self._redis = connect(settings.redis_url, name="aiplane-results")
        self._blocking = connect(
            settings.redis_url, timeout=BLOCK_SECONDS + COMMAND_TIMEOUT, name="aiplane-results-waiting"
        )
        self._bull = Bull(self._redis, settings.bullmq_prefix)
        self._scripts = self._bull.steps(_STEPS, {})
        names = {kind: settings.queue_name(kind) for kind in KINDS}
        self._names, self._prefix = tuple(names.values()), settings.bullmq_prefix
        self._queues = {kind: self._bull.queue(results_of(name)) for kind, name in names.items()}
        self._streams = {self._bull.queue(name).key("events"): kind for kind, name in names.items()}
        self._tasks: list[asyncio.Task[None]] = []
        self._handling: set[asyncio.Task[None]] = set()
        self._worker = uuid.uuid4().hex[:16]

    async def __aenter__(self) -> Self:
        for kind in KINDS:
            for number in range(self._loops + self._helpers):
                helps = number >= self._loops
                self._start(self._consume(kind, helps=helps), f"results of {kind} {number}")
            self._start(self._recover(kind), f"stalled results of {kind}")
        self._start(self._listen(), "failures")
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Stop taking, let what is being handled end, and hand back what does not: another takes it next."""
        for task in self._tasks:
            await cancel(task)
        if self._handling:
            _, late = await asyncio.wait(set(self._handling), timeout=GRACE_SECONDS)
            for each in late:
                each.cancel()
            if late:
                await asyncio.wait(late, timeout=COMMAND_TIMEOUT)
        await self._redis.aclose()
        await self._blocking.aclose()

    async def lag(self) -> Mapping[str, int]:
        """Return, by result queue, how many milliseconds ago the oldest result was made that waits there.

        Raises:
            redis.RedisError: Redis does not answer.
        """
        pipe = self._redis.pipeline(transaction=False)
        names = [results_of(name) for name in self._names]
        for name in names:
            stage_count(pipe, self._prefix, name)
        counts = [read_count(reply) for reply in await pipe.execute()]
        return {
            name: count.oldest_ms if count.waiting else 0 for name, count in zip(names, counts, strict=True)
        }

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))

    # ---- results ----------------------------------------------------------------------------------

    async def _consume(self, kind: Kind, *, helps: bool) -> None:
        queue, more = self._queues[kind], self._more[kind]
        pauses = listed(AGAIN_SECONDS)
        while True:
            try:
                if helps:
                    await more.acquire()
                token = uuid.uuid4().hex
                taken = await self._take(queue, token)
                if taken.job_id is not None:
                    # Where there was one there may be another: one that helps looks.
                    more.release()
                    await self._see_through(kind, queue, _handle_of(taken, token), taken.record)
                elif not helps:
                    await self._wait(queue, taken)
                pauses = listed(AGAIN_SECONDS)
            except ScriptRefusedError as error:
                # It stalled meanwhile, and is another's: what was handled here is handled there again.
                log.warning("a result of %s was taken over while it was handled (%s)", kind, error)
            except RedisError as error:
                pause = next(pauses)
                if pause == AGAIN_SECONDS[0]:
                    log.warning("results of %s are not consumed: %s", kind, told(error))
                await asyncio.sleep(pause)
            except Exception:
                log.exception("results of %s are not consumed", kind)
                await asyncio.sleep(next(pauses))

    async def _take(self, queue: BullQueue, token: str) -> Taken:
        step = queue.taking(token, worker=self._worker)
        return read_taken((await self._scripts.take([step]))[0])

    async def _wait(self, queue: BullQueue, taken: Taken) -> None:
        seconds = BLOCK_SECONDS
        if taken.next_delayed_at:
            server: Any = await self._redis.time()
            seconds = min(seconds, max(taken.next_delayed_at / 1000 - server[0], 0.05))
        if taken.rate_limited_ms:
            await asyncio.sleep(min(taken.rate_limited_ms / 1000, seconds))
            return
        await queue.wait_for_marker(self._blocking, seconds)

    async def _see_through(
        self, kind: Kind, queue: BullQueue, job: JobHandle, record: Mapping[str, str]
    ) -> None:
        """Handle one result in a task that goes on when the loop is stopped."""
        handling = asyncio.create_task(self._handle(kind, queue, job, record), name=f"a result of {kind}")
        self._handling.add(handling)
        handling.add_done_callback(self._handled)
        await asyncio.shield(handling)

    def _handled(self, task: asyncio.Task[None]) -> None:
        self._handling.discard(task)
        if not task.cancelled():
            task.exception()  # the loop saw it, or has been stopped and the result comes again

    async def _handle(self, kind: Kind, queue: BullQueue, job: JobHandle, record: Mapping[str, str]) -> None:
        """Handle one result while its lock is renewed, and settle it."""
        renewing = asyncio.create_task(_renew(queue, job), name=f"lock of a result of {kind}")
        try:
            delivery = _read(kind, record)
            if delivery is not None:
                await self._deliver(delivery)
            step = queue.completing(job, "null")
        except asyncio.CancelledError:
            with suppress(RedisError, TimeoutError):
                await asyncio.wait_for(self._scripts.take([queue.handing_back(job)]), COMMAND_TIMEOUT)
            raise
        except Exception as error:  # whatever a handler raises is told to BullMQ, which decides
            log.exception("a result of %s could not be handled", kind)
            step = _failed(queue, job, record, type(error).__name__)
        finally:
            await cancel(renewing)
        if broken := broken_counters(record):
            await self._redis.hdel(queue.key(job.id), *broken)
        check((await self._scripts.take([step]))[0])

    async def _deliver(self, delivery: Delivery) -> None:
        pauses = listed(AGAIN_SECONDS)
        while True:
            try:
                await self._on_result(delivery)
            except NotNowError:
                pause = next(pauses)
                if pause == AGAIN_SECONDS[0]:
                    log.warning("results of %s wait: their handler is unavailable", delivery.kind)
                await asyncio.sleep(pause)
            else:
                return

    async def _recover(self, kind: Kind) -> None:
        while True:
            try:
                if recovered := await self._queues[kind].recover_stalled():
                    log.warning("%d results of %s wait again: their consumer died", len(recovered), kind)
            except RedisError:
                log.debug("stalled results of %s are looked for later", kind)
            await asyncio.sleep(LOCK_MS / 1000)

    # ---- failures ---------------------------------------------------------------------------------

    async def _listen(self) -> None:
        seen: dict[str, str] = {}
        pauses = listed(AGAIN_SECONDS)
        while True:
            try:
                if not seen:
                    seen = {stream: await _newest(self._blocking, stream) for stream in self._streams}
                for stream, event_id, event in await _next(self._blocking, seen):
                    seen[stream] = event_id
                    await self._hear(self._streams[stream], event)
                pauses = listed(AGAIN_SECONDS)
            except RedisError as error:
                pause = next(pauses)
                if pause == AGAIN_SECONDS[0]:
                    log.warning("failure subscription lost: %s", told(error))
                await asyncio.sleep(pause)

    async def _hear(self, kind: Kind, event: Mapping[str, str]) -> None:
        job_id = event.get("jobId", "")
        if not job_id:
            return
        try:
            if event.get("event") == "failed":
                failed = JobFailedError(job_id, event.get("failedReason", ""))
                await self._on_failure(Failure(kind, job_id, failed.code, failed.sentence))
            if event.get("event") == "active" and self._on_started:
                await self._on_started(kind, job_id)
        except Exception:
            log.exception("an event of a %s job could not be handled", kind)


def _handle_of(taken: Taken, token: str) -> JobHandle:
    options = read_object(taken.record.get("opts"))
    return JobHandle(
        cast("str", taken.job_id),
        token,
        attempts=whole_number(options.get("attempts"), 1),
        attempts_made=whole_number(taken.record.get("atm"), 0),
        keep_completed=kept_jobs(options.get("removeOnComplete")),
        keep_failed=kept_jobs(options.get("removeOnFail")),
    )


def _read(kind: Kind, record: Mapping[str, str]) -> Delivery | None:
    """Read a result; None, and a line in the log, for what is none: nobody can ever handle it."""
    data = read_object(record.get("data", ""))
    job_id = data.pop("jobId", None)
    if not isinstance(job_id, str) or not job_id:
        log.error("invalid result of %s; it is left out", kind)
        return None
    return Delivery(kind, job_id, data, _trace_of(record))


def _trace_of(record: Mapping[str, str]) -> str | None:
    """Return the trace context that a result came with. BullMQ leaves it among the options of the job."""
    trace = record.get("tm") or read_object(record.get("opts", "")).get("tm")
    return trace if isinstance(trace, str) else None


def _failed(queue: BullQueue, job: JobHandle, record: Mapping[str, str], reason: str) -> Any:
    """Return the step that gives a result its next attempt, or none if that was the last."""
    if job.attempts_made + 1 >= job.attempts:
        return queue.failing(job, reason, [])
    backoff = read_object(record.get("opts", "")).get("backoff")
    delay = backoff.get("delay") if isinstance(backoff, dict) else None
    first = whole_number(delay, 0)
    first = first if 0 < first <= 3_600_000 else RETRY_DELAY_MS
    return queue.retrying(job, first * 2 ** min(job.attempts_made, MOST_DOUBLINGS), reason, [])


async def _renew(queue: BullQueue, job: JobHandle) -> None:
    while True:
        await asyncio.sleep(LOCK_MS / 3000)
        with suppress(RedisError):
            if not await queue.renew_lock(job):
                return


async def _newest(redis: Redis, stream: str) -> str:
    newest: Any = await redis.xrevrange(stream, count=1)
    return str(newest[0][0]) if newest else "0-0"


async def _next(redis: Redis, seen: Mapping[str, str]) -> list[tuple[str, str, Mapping[str, str]]]:
    # Few at a time: the event of a completed job carries its whole result.
    streams: Any = dict(seen)
    answer: Any = await redis.xread(streams, count=50, block=round(BLOCK_SECONDS * 1000))
    return [(stream, str(event_id), event) for stream, events in answer or () for event_id, event in events]
