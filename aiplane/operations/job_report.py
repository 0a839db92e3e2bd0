"""Report on one job: what BullMQ, the ledger and the leases say of it, and never its payload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aiplane.bull import dead_letter_id, letter_of, owner_of, result_id
from aiplane.ledger.leases import BRIDGE_STALE_MS, POOL_STALE_MS
from aiplane.ledger.runs import Runs, run_id
from aiplane.queues import dead_letters_of, results_of
from aiplane.redis.untrusted_json import read_object, read_stored, whole_number

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from aiplane.bull import Bull
    from aiplane.ledger.leases import LeaseSnapshot

LOG_LINES = 50
"""How many of a job's last log lines are read."""

DEFAULT_ATTEMPTS = 3
"""What the bridge allows a job whose producer did not say (the wire contract)."""


@dataclass(frozen=True, slots=True)
class Times:
    """Times in the life of a job, in epoch milliseconds; None for what has not happened, or is not known.

    Attributes:
        now: the moment of the reading, by Redis' clock.
        made: when the job was made.
        delay: for how many milliseconds it was to wait at first, or after its last attempt.
        taken: when its last attempt began.
        finished: when the job ended for good.
    """

    now: int
    made: int | None
    delay: int
    taken: int | None
    finished: int | None


@dataclass(frozen=True, slots=True)
class Lock:
    """Holder of a job's lock.

    Attributes:
        bridge: the holder id of the bridge; None if it is another kind of worker.
        node: the host on which it runs; empty if its lease is not there.
        lives: whether its lease is fresh.
        ttl_ms: for how long the lock is good unless it is renewed.
    """

    bridge: str | None
    node: str
    lives: bool
    ttl_ms: int


@dataclass(frozen=True, slots=True)
class Run:
    """Run of the job's present attempt, as the ledger knows it.

    Attributes:
        id: the run's id.
        sent: when it was opened, in epoch milliseconds.
        claimed: when a pool claimed it, likewise; None while none has.
        pool: the node that claimed it; empty if its lease is not there.
        lives: whether that pool's lease is fresh.
        outcome: ``result``, the code of an error, or ``unreadable``; None while there is none.
        usage: what the model calls took, where the outcome says so.
    """

    id: str
    sent: int
    claimed: int | None
    pool: str
    lives: bool
    outcome: str | None
    usage: dict[str, int] | None


@dataclass(frozen=True, slots=True)
class JobReport:
    """One job at one moment."""

    queue: str
    id: str
    name: str
    state: str
    attempts_made: int
    attempts: int
    times: Times
    failed_reason: str | None
    stacktrace: str | None
    lock: Lock | None
    run: Run | None
    result_job: str | None
    dead_letter: str | None
    progress: object
    logs: tuple[str, ...]

    @property
    def waited_ms(self) -> int | None:
        """Milliseconds from when the job was made until its last attempt began, or until now."""
        times = self.times
        end = times.taken or times.finished or times.now
        return max(end - times.made, 0) if times.made is not None else None

    @property
    def ran_ms(self) -> int | None:
        """Milliseconds from when its last attempt began until the job ended, or until now."""
        times = self.times
        end = times.finished or (times.now if self.state == "active" else None)
        return max(end - times.taken, 0) if times.taken is not None and end is not None else None


async def tell(
    redis: Redis, bull: Bull, snapshot: LeaseSnapshot, queue: str, job_id: str
) -> JobReport | None:
    """Read the story of a job; None if there is no such job.

    It is read in several steps: of a job that moves meanwhile, they may not be of one moment.

    Args:
        redis: a client.
        bull: the queues.
        snapshot: the leases, read at about the same time.
        queue: BullMQ's name of the queue.
        job_id: the job's id.
    """
    own = bull.queue(queue)
    if own.is_own_key(job_id):
        return None
    record = await own.record(job_id)
    if not record:
        return None
    options = read_object(record.get("opts"))
    made, taken = whole_number(record.get("timestamp")), whole_number(record.get("processedOn"))
    attempts_made = whole_number(record.get("atm") or record.get("attemptsMade"), 0)
    traces = read_stored(record.get("stacktrace"))
    return JobReport(
        queue=queue,
        id=job_id,
        name=record.get("name", ""),
        state=await own.state(job_id),
        attempts_made=attempts_made,
        attempts=whole_number(options.get("attempts")) or DEFAULT_ATTEMPTS,
        times=Times(
            snapshot.now,
            made,
            whole_number(record.get("delay"), 0),
            taken,
            whole_number(record.get("finishedOn")),
        ),
        failed_reason=record.get("failedReason"),
        stacktrace=str(traces[-1]) if isinstance(traces, list) and traces else None,
        lock=await _lock(redis, own.lock_key(job_id), snapshot),
        run=await _run(Runs(redis, bull.prefix), snapshot, run_id(queue, job_id, made or 0, attempts_made)),
        result_job=await _there(bull, results_of(queue), result_id(job_id, taken or 0)),
        dead_letter=await _there(
            bull, dead_letters_of(queue), letter_of(job_id, record) or dead_letter_id(job_id, taken or 0)
        ),
        progress=read_stored(record.get("progress")),
        logs=tuple(await own.logs(job_id, LOG_LINES)),
    )


async def _lock(redis: Redis, key: str, snapshot: LeaseSnapshot) -> Lock | None:
    token = cast("str | None", await redis.get(key))
    ttl = await redis.pttl(key)
    if token is None:
        return None
    bridge = owner_of(token)
    node, lives = _holder(snapshot, bridge or "", BRIDGE_STALE_MS)
    return Lock(bridge, node, lives, max(int(ttl), 0))


async def _run(runs: Runs, snapshot: LeaseSnapshot, run: str) -> Run | None:
    (state,) = await runs.states([run])
    if state.sent is None:
        return None
    pool, lives = _holder(snapshot, state.worker or "", POOL_STALE_MS)
    # The outcome is read here as data and not by its class: a newer worker may have recorded more.
    word = None if state.outcome is None else _word(read_stored(state.outcome))
    return Run(run, state.sent, state.claimed, pool, lives, word, _usage(state.usage))


def _word(outcome: object) -> str:
    if not isinstance(outcome, dict):
        return "unreadable"
    error = outcome.get("error")
    if isinstance(error, dict):
        return str(error.get("code", "unreadable"))
    return "result" if "result" in outcome else "unreadable"


def _usage(text: str | None) -> dict[str, int] | None:
    """Read what the model calls of a run took, where its ledger entry says so: four numbers."""
    numbers = [whole_number(word, 0) for word in (text or "").split()]
    names = ("calls", "modelMs", "inputTokens", "outputTokens")
    if len(numbers) != len(names):
        return None
    return dict(zip(names, numbers, strict=True))


def _holder(snapshot: LeaseSnapshot, holder_id: str, stale_ms: int) -> tuple[str, bool]:
    if holder_id not in snapshot.seen:
        return "", False
    return snapshot.seen[holder_id][0].node, not snapshot.gone(holder_id, stale_ms)


async def _there(bull: Bull, queue: str, job_id: str) -> str | None:
    return job_id if await bull.queue(queue).state(job_id) != "unknown" else None
