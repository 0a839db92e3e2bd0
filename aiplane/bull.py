"""BullMQ's own Lua scripts behind a small typed queue.

This is the only module that imports the ``bullmq`` package, and it takes from it what is the wire: the
scripts, the keys and the arguments they expect. The package's ``Worker`` is not used: it stops renewing locks
when it closes, treats a commit that failed as a job that failed, and retries scripts whose reply was lost.

A :class:`BullQueue` speaks of jobs by id and never looks into their data. Methods named ``stage_*`` put a
script on a transaction; what the script answered is read by :func:`check`.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import msgpack
from bullmq.error_code import ErrorCode
from bullmq.job import optsFromJSON
from bullmq.job_scheduler import JobScheduler
from bullmq.redis_connection import RedisConnection, loadScript
from bullmq.scripts import Scripts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis import Redis as ThreadRedis
    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

LOCK_MS = 30_000
"""How long a job's lock lives without renewal, in milliseconds (the contract's 30 s)."""

# The keys of each script, in the order in which its header lists them.
# fmt: off
_TAKE_KEYS = (
    "wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused", "meta", "pc",
    "marker",
)
_ADD_KEYS = ("wait", "paused", "meta", "id", "completed", "delayed", "active", "events", "marker")
_HAND_BACK_KEYS = (
    "active", "wait", "stalled", "paused", "meta", "limiter", "prioritized", "marker", "events",
)
_STATE_KEYS = (
    "completed", "failed", "delayed", "active", "wait", "paused", "waiting-children", "prioritized",
)
# fmt: on


class ScriptRefusedError(Exception):
    """A script answered that the job is not (or no longer) where the caller thought it was."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code

    def __str__(self) -> str:
        """Name the code as BullMQ does."""
        try:
            return str(ErrorCode(self.code).name)
        except ValueError:
            return f"script error {self.code}"

    @property
    def lost(self) -> bool:
        """Whether the job is no longer ours: gone, unlocked, moved, or locked by another."""
        return self.code in {
            ErrorCode.JobNotExist.value,
            ErrorCode.JobLockNotExist.value,
            ErrorCode.JobNotInState.value,
            ErrorCode.JobLockMismatch.value,
        }


def check(reply: object) -> None:
    """Raise what a staged script answered if that was a refusal (a negative number)."""
    if isinstance(reply, Exception):
        raise reply
    if isinstance(reply, int) and reply < 0:
        raise ScriptRefusedError(reply)


@dataclass(frozen=True, slots=True)
class Taken:
    """What ``moveToActive`` answered.

    Attributes:
        job_id: the job that is now active and locked, or None if there was none to take.
        record: the job's hash as stored, strings throughout; it may lack anything.
        rate_limited_ms: milliseconds until the queue's rate limit allows another job; 0 if it does now.
        next_delayed_at: when the next delayed job is due, in epoch milliseconds; 0 if none is.
    """

    job_id: str | None = None
    record: Mapping[str, str] = field(default_factory=dict, repr=False)
    rate_limited_ms: int = 0
    next_delayed_at: int = 0


class Bull:
    """The queues of one Redis under one key prefix; the scripts are loaded once for all of them."""

    def __init__(self, redis: Redis, prefix: str = "bull") -> None:
        self.redis = redis
        self.prefix = prefix
        self.connection = RedisConnection(redis)
        for name in ("moveJobFromActiveToWait-9.lua", "addLog-2.lua"):
            self.connection.commands[name.partition("-")[0]] = redis.register_script(loadScript(name))

    def queue(self, name: str) -> BullQueue:
        """Return the queue called ``name``; nothing is created in Redis."""
        return BullQueue(self, name)

    async def load_scripts(self) -> None:
        """Put the scripts into the server's cache, where transactions expect them."""
        for script in self.connection.commands.values():
            await self.redis.script_load(script.script)


class BullQueue:
    """One BullMQ queue."""

    def __init__(self, bull: Bull, name: str) -> None:
        self.name = name
        self.prefix = bull.prefix
        self._redis = bull.redis
        self._commands = bull.connection.commands
        self._scripts = Scripts(bull.prefix, name, bull.connection)

    def key(self, suffix: str) -> str:
        """Return the Redis key of a part of the queue (``active``, ``meta``…) or of a job by its id."""
        return f"{self.prefix}:{self.name}:{suffix}"

    def lock_key(self, job_id: str) -> str:
        """Return the key of a job's lock."""
        return self.key(f"{job_id}:lock")

    def worker_client_name(self, worker: str) -> str:
        """Return the connection name by which Node's ``getWorkers()`` finds a worker of this queue."""
        return f"{self.prefix}:{base64.b64encode(self.name.encode()).decode()}:w:{worker}"

    # ---- taking -----------------------------------------------------------------------------------

    async def take(self, token: str, *, worker: str) -> Taken:
        """Move the next job to active and lock it with ``token``.

        Raises whatever the connection raises; the move may then have happened, and whoever scans the
        active list for locks of this owner finds it.
        """
        options = msgpack.packb({"token": token, "lockDuration": LOCK_MS, "name": worker})
        keys = self._scripts.getKeys(_TAKE_KEYS)
        reply = await self._commands["moveToActive"](keys=keys, args=[self.key(""), _now(), options])
        record, job_id, rate_limited_ms, next_delayed_at = (*reply, 0, 0)[:4] if reply else (0, 0, 0, 0)
        if not record:
            return Taken(None, {}, int(rate_limited_ms or 0), int(float(next_delayed_at or 0)))
        return Taken(job_id, dict(zip(record[::2], record[1::2], strict=True)))

    async def wait_for_marker(self, blocking: Redis, seconds: float) -> bool:
        """Block until the queue may have a job, now or at a known time, at most ``seconds``.

        Args:
            blocking: a client of its own; its socket timeout must be longer than ``seconds``.
            seconds: the longest wait; Redis takes fractions.

        Returns:
            Whether something was announced.
        """
        return bool(await blocking.bzpopmin(self.key("marker"), seconds))

    async def advance_scheduler(
        self, scheduler_id: str, *, job_id: str, name: str, options: Mapping[str, Any]
    ) -> None:
        """Queue the next iteration of the scheduler that made a job.

        The script does nothing if that iteration is there already, so calling twice is harmless.

        Args:
            scheduler_id: the scheduler.
            job_id: the job that it made, which is being run now.
            name: that job's name.
            options: that job's options as stored.

        Raises:
            Exception: of whatever kind, if the options do not describe a schedule.
        """
        scheduler = JobScheduler(SimpleNamespace(backend=self._scripts, opts={}, qualifiedName=self.name))
        options = optsFromJSON(options)
        await scheduler.upsertJobScheduler(
            scheduler_id,
            options.get("repeat"),
            name,
            {},  # the scheduler has its own template of the data
            options,
            override=False,
            producer_id=job_id,
        )

    # ---- settling ---------------------------------------------------------------------------------

    def stage_add(
        self, pipe: Pipeline, name: str, data: str, *, job_id: str, options: Mapping[str, Any]
    ) -> None:
        """Add a job that waits at once; with an id that exists already, nothing is added.

        Args:
            pipe: the transaction.
            name: the job's name.
            data: the job's data as JSON text.
            job_id: the job's id. BullMQ refuses colons in it, so :func:`safe_id` comes first.
            options: BullMQ's job options, by their long names.
        """
        now = _now()
        packed = msgpack.packb(
            [self.key(""), job_id, name, now, None, None, None, None, None], unicode_errors="surrogateescape"
        )
        packed_options = msgpack.packb(
            self._scripts.encodeOpts({"attempts": 0, **options, "jobId": job_id}),
            unicode_errors="surrogateescape",
        )
        keys = self._scripts.getKeys(_ADD_KEYS)
        self._stage(pipe, "addStandardJob", keys, [packed, data, packed_options, now])

    def stage_completed(self, pipe: Pipeline, job: JobHandle, returnvalue: str) -> None:
        """Move an active job to completed; ``returnvalue`` is JSON text."""
        keys, arguments = self._finish_arguments(job, "returnvalue", "completed", job.keep_completed)
        arguments[3] = returnvalue
        self._stage(pipe, "moveToFinished", keys, arguments)

    def stage_failed(self, pipe: Pipeline, job: JobHandle, reason: str, stacktrace: Sequence[str]) -> None:
        """Move an active job to failed, for good."""
        keys, arguments = self._finish_arguments(job, "failedReason", "failed", job.keep_failed)
        arguments[3] = reason
        arguments.append(_failure_fields(reason, stacktrace))
        self._stage(pipe, "moveToFinished", keys, arguments)

    def stage_retry(
        self, pipe: Pipeline, job: JobHandle, delay_ms: int, reason: str, stacktrace: Sequence[str]
    ) -> None:
        """Give an active job another attempt: after ``delay_ms``, or at once if that is 0."""
        if delay_ms:
            keys, arguments = self._scripts.moveToDelayedArgs(job.id, _now(), job.token, delay_ms)
            arguments[6] = _failure_fields(reason, stacktrace)
            self._stage(pipe, "moveToDelayed", keys, arguments)
            return
        keys, arguments = self._scripts.retryJobArgs(job.id, job.lifo, job.token)
        self._stage(pipe, "retryJob", keys, [*arguments, _failure_fields(reason, stacktrace)])

    def stage_hand_back(self, pipe: Pipeline, job: JobHandle) -> None:
        """Put an active job back to where it waited, as the next in line; no attempt is counted."""
        keys = self._scripts.getKeys(_HAND_BACK_KEYS)
        self._stage(pipe, "moveJobFromActiveToWait", keys, [job.id, job.token, self.key(job.id)])

    def _finish_arguments(
        self, job: JobHandle, field_name: str, target: str, keep: object
    ) -> tuple[list[str], list[Any]]:
        shim = SimpleNamespace(
            id=job.id,
            queue=SimpleNamespace(opts={"lockDuration": LOCK_MS}),
            attempts=job.attempts,
            attemptsMade=job.attempts_made,
            opts=job.parent_options,
        )
        keys, arguments = self._scripts.moveToFinishedArgs(
            shim, "", field_name, keep, target, job.token, fetchNext=False
        )
        return keys, arguments

    def _stage(self, pipe: Pipeline, script: str, keys: list[str], arguments: list[Any]) -> None:
        # By digest and not through the script object: that would ask for the cache before each
        # transaction. load_scripts() fills the cache, and a NOSCRIPT fails the whole transaction.
        pipe.evalsha(self._commands[script].sha, len(keys), *keys, *arguments)

    # ---- producing and looking --------------------------------------------------------------------

    async def add(
        self, name: str, data: object, *, job_id: str | None = None, options: Mapping[str, Any] | None = None
    ) -> str:
        """Add a job as a BullMQ producer does, and return its id.

        Args:
            name: the job's name.
            data: anything that JSON can hold; NaN is refused with ``ValueError``.
            job_id: an id of the caller's own; with one that exists already nothing is added.
            options: BullMQ's job options by their long names; ``delay`` and ``priority`` are honoured.
        """
        chosen = {"attempts": 0, **(options or {}), **({"jobId": job_id} if job_id else {})}
        shim = SimpleNamespace(
            id=job_id, name=name, data=data, opts=chosen, timestamp=chosen.get("timestamp", _now()),
            parent=None, parentKey=None, repeatJobKey=None, deduplication_id=None,
        )  # fmt: skip
        reply = await self._scripts.addJob(shim)
        return str(reply)

    async def record(self, job_id: str) -> dict[str, str]:
        """Return a job's hash as stored; empty if there is none."""
        return cast("dict[str, str]", await self._redis.hgetall(self.key(job_id)))

    async def data(self, job_id: str) -> str | None:
        """Return a job's data as stored, JSON text if its producer was a BullMQ; None if there is none."""
        return cast("str | None", await self._redis.hget(self.key(job_id), "data"))

    async def state(self, job_id: str) -> str:
        """Return a job's state as BullMQ names it; ``unknown`` if there is no such job."""
        keys = self._scripts.getKeys(_STATE_KEYS)
        return str(await self._commands["getStateV2"](keys=keys, args=[job_id, self.key(job_id)]))


@dataclass(frozen=True, slots=True)
class JobHandle:
    """What the settling scripts need to know of an active job.

    Attributes:
        id: the job's id.
        token: the token of the lock that the caller holds.
        attempts: how many attempts the job may make in all.
        attempts_made: how many of them are over.
        lifo: whether a retry goes to the head of the line.
        keep_completed: BullMQ's ``removeOnComplete`` as stored: bool, count or ``{age, count}``.
        keep_failed: the same for ``removeOnFail``.
        parent_options: the options that say what a failure means to the job's parent.
    """

    id: str
    token: str
    attempts: int = 1
    attempts_made: int = 0
    lifo: bool = False
    keep_completed: object = None
    keep_failed: object = None
    parent_options: Mapping[str, Any] = field(default_factory=dict)


class LockRenewal:
    """Renews locks from a thread of its own, many in one call."""

    def __init__(self, redis: ThreadRedis, prefix: str) -> None:
        self._extend = redis.register_script(loadScript("extendLocks-1.lua"))
        self._prefix = prefix

    def renew(self, queue: str, jobs: Mapping[str, str]) -> set[str]:
        """Renew the locks of ``jobs`` (tokens by job id) and return the ids whose lock is not ours now."""
        base = f"{self._prefix}:{queue}:"
        packed = [
            msgpack.packb(list(part), unicode_errors="surrogateescape")
            for part in (jobs.values(), jobs.keys())
        ]
        return set(self._extend(keys=[f"{base}stalled"], args=[base, *packed, LOCK_MS]))


def safe_id(text: str) -> str:
    """Return ``text`` as BullMQ accepts it for the id of a job: without colons, and not a plain number."""
    return text.replace(":", "_")


def _failure_fields(reason: str, stacktrace: Sequence[str]) -> bytes:
    fields = ["failedReason", reason, "stacktrace", json.dumps(list(stacktrace))]
    return bytes(msgpack.packb(fields))


def _now() -> int:
    return round(time.time() * 1000)
