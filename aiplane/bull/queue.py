"""One BullMQ queue, and all the queues of one Redis under one key prefix."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import msgpack
from bullmq.job import optsFromJSON
from bullmq.job_scheduler import JobScheduler
from bullmq.redis_connection import RedisConnection, loadScript
from bullmq.scripts import Scripts

from aiplane.bull.locks import LOCK_MS
from aiplane.bull.moves import JobHandle, Settling, now_ms
from aiplane.bull.scripts import ScriptBatch
from aiplane.redis.untrusted_json import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redis.asyncio import Redis

    from aiplane.bull.scripts import ScriptCall

# The keys of each script, in the order in which its header lists them.
# fmt: off
_TAKE_KEYS = (
    "wait", "active", "prioritized", "events", "stalled", "limiter", "delayed", "paused", "meta", "pc",
    "marker",
)
_STATE_KEYS = (
    "completed", "failed", "delayed", "active", "wait", "paused", "waiting-children", "prioritized",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Taken:
    """Answer of ``moveToActive``.

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


def read_taken(reply: Any) -> Taken:
    """Read what ``moveToActive`` answered."""
    record, job_id, rate_limited_ms, next_delayed_at = (*reply, 0, 0)[:4] if reply else (0, 0, 0, 0)
    if not record:
        return Taken(None, {}, whole_number(rate_limited_ms, 0), whole_number(next_delayed_at, 0))
    return Taken(job_id, dict(zip(record[::2], record[1::2], strict=True)))


class Bull:
    """The queues of one Redis under one key prefix; the scripts are loaded once for all of them."""

    def __init__(self, redis: Redis, prefix: str = "bull", *, metrics_minutes: int = 0) -> None:
        """Prepare.

        Args:
            redis: a client.
            prefix: BullMQ's key prefix.
            metrics_minutes: for how many minutes back ``getMetrics()`` tells how many jobs have ended; BullMQ
                keeps one number a minute. 0 for none.
        """
        self.redis = redis
        self.metrics_minutes = metrics_minutes
        self.prefix = prefix
        self._queues: dict[str, BullQueue] = {}
        self.connection = RedisConnection(redis)
        # What the package has and does not load.
        for name, keys in (("moveJobFromActiveToWait", 9), ("addLog", 2)):
            script = redis.register_script(loadScript(f"{name}-{keys}.lua"))
            self.connection.commands[name] = script

    def steps(self, names: Sequence[str], own: Mapping[str, str]) -> ScriptBatch:
        """Return some of BullMQ's scripts, by their names, as steps that can be taken together with others.

        Args:
            names: the names.
            own: the texts of the others by name.
        """
        texts = {name: self.connection.commands[name].script for name in names}
        return ScriptBatch(self.redis, texts | dict(own))

    def queue(self, name: str) -> BullQueue:
        """Return the queue called ``name``; nothing is created in Redis."""
        if name not in self._queues:
            self._queues[name] = BullQueue(self, name)
        return self._queues[name]

    async def load_scripts(self) -> None:
        """Put the scripts into the server's cache, where transactions expect them."""
        for script in self.connection.commands.values():
            await self.redis.script_load(script.script)


class BullQueue(Settling):
    """One BullMQ queue."""

    def __init__(self, bull: Bull, name: str) -> None:
        self.name = name
        self.prefix = bull.prefix
        self._redis = bull.redis
        self._commands = bull.connection.commands
        super().__init__(Scripts(bull.prefix, name, bull.connection), bull.metrics_minutes)

    def key(self, suffix: str) -> str:
        """Return the Redis key of a part of the queue (``active``, ``meta``…) or of a job by its id."""
        return f"{self.prefix}:{self.name}:{suffix}"

    def lock_key(self, job_id: str) -> str:
        """Return the key of a job's lock."""
        return self.key(f"{job_id}:lock")

    def worker_client_name(self, worker: str) -> str:
        """Return the connection name by which Node's ``getWorkers()`` finds a worker of this queue."""
        return f"{self.prefix}:{base64.b64encode(self.name.encode()).decode()}:w:{worker}"

    def is_own_key(self, job_id: str) -> bool:
        """Return whether the key of a job of that id would be one of the queue's own, such as ``wait``."""
        return job_id in self._scripts.keys

    # ---- taking -----------------------------------------------------------------------------------

    def taking(self, token: str, *, worker: str) -> ScriptCall:
        """Move the next job to active and lock it with ``token``; :func:`read_taken` reads the answer.

        A reply that is lost may be of a move that has happened: whoever scans the active list for locks of
        this owner finds it.
        """
        options = msgpack.packb({"token": token, "lockDuration": LOCK_MS, "name": worker})
        return self._step(
            "moveToActive", self._scripts.getKeys(_TAKE_KEYS), [self.key(""), now_ms(), options]
        )

    async def wait_for_marker(self, blocking: Redis, seconds: float) -> bool:
        """Block until the queue may have a job, now or at a known time, at most ``seconds``.

        Args:
            blocking: a client of its own; its socket timeout must be longer than ``seconds``.
            seconds: the longest wait; Redis takes fractions.

        Returns:
            Whether something was announced.
        """
        return bool(await blocking.bzpopmin(self.key("marker"), seconds))

    async def renew_lock(self, job: JobHandle) -> bool:
        """Renew the lock of an active job; False if it is no longer the caller's."""
        return bool(await self._scripts.extendLock(job.id, job.token, LOCK_MS))

    async def recover_stalled(self) -> list[str]:
        """Let wait again what is active and has lost its lock, and return the ids.

        A job counts as stalled when two calls in a row, ``LOCK_MS`` apart, find it without a lock; calls in
        between do nothing, so any number of workers may call. For queues whose workers may do a job twice.
        """
        # No number of stalls fails a job: they are the deaths of its workers, and none of its own.
        return list(await self._scripts.moveStalledJobsToWait(1_000_000, LOCK_MS) or ())

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
            id=job_id, name=name, data=data, opts=chosen, timestamp=chosen.get("timestamp", now_ms()),
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

    async def logs(self, job_id: str, last: int) -> list[str]:
        """Return the last lines that a job's workers have logged to it (``job.log`` in Node)."""
        return cast("list[str]", await self._redis.lrange(self.key(f"{job_id}:logs"), -last, -1))

    async def state(self, job_id: str) -> str:
        """Return a job's state as BullMQ names it; ``unknown`` if there is no such job."""
        keys = self._scripts.getKeys(_STATE_KEYS)
        return str(await self._commands["getStateV2"](keys=keys, args=[job_id, self.key(job_id)]))
