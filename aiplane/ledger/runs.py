"""The ledger that the bridge and the workers share: one entry a run, from its sending to its settling.

A *run* is one attempt at one job. Its id is derived from the job, so that whoever looks after the job next
finds the run that is already under way. The life of an entry::

    (none) ──open──▶ sent ──claim──▶ claimed ──finish──▶ finished ──close──▶ (none)

``open`` and ``close`` are the bridge's and stand here; ``claim`` and ``finish`` are a worker's
(:mod:`aiplane.ledger.claims`). ``close`` is a step of settling a job, so an entry never outlives its attempt.

The entry is a hash beside BullMQ's keys, in the same Redis. It holds no payload: a claim hands the worker the
job's own data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from aiplane.context.usage import Usage
from aiplane.errors import JobError, error_from_dict
from aiplane.redis.json_splice import spliced
from aiplane.redis.lua import load_script
from aiplane.redis.untrusted_json import read_json, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

ENTRY_TTL_MS = 24 * 60 * 60 * 1000
"""How long an entry that nobody settles is kept, in milliseconds: longer than any run can take by far. It
only bounds what a job that was deleted under our feet leaves behind."""

RUN_HEADER = "aiplane_run"
"""The message header that makes a task a run of the bridge: ``{"run", "queue", "job"}``.

Newer bridges add ``"trace"``, the context that the run's span continues, and ``"keep_logs"``, how many lines
the job's log keeps.
"""

OPEN = load_script(__package__, "open")
"""Lua: open the entry of a run, and send it; it answers with the value of an :class:`Opened`."""

CLOSE = load_script(__package__, "close")
"""Lua: remove the entry of a run, as a step of settling its job."""


def run_key(bullmq_prefix: str, run: str) -> str:
    """Return the key of a run's entry."""
    return f"{ledger_prefix(bullmq_prefix)}run:{run}"


def ledger_prefix(bullmq_prefix: str) -> str:
    """Return what the names of our own keys begin with, under one prefix among others on a Redis."""
    return f"aiplane:{bullmq_prefix}:"


def run_id(queue: str, job_id: str, timestamp: int, attempts_made: int) -> str:
    """Derive the id of the run of a job's present attempt; it survives any number of bridges.

    Args:
        queue: BullMQ's name of the queue.
        job_id: the job's id.
        timestamp: when the job was made, in epoch milliseconds; it tells a job from a later one of its id.
        attempts_made: how many attempts are over; a stall or a take-over does not change it.
    """
    return "|".join(map(run_id_part, (queue, job_id, str(timestamp), str(attempts_made))))


def run_id_part(text: str) -> str:
    """Return a text as it stands in a run's id, whose parts are divided by ``|``."""
    return text.replace("%", "%25").replace("|", "%7C")


def job_of(run: str) -> tuple[str, str] | None:
    """Return the queue and the id of the job that a run is an attempt at; None if the text is no run's id."""
    parts = run.split("|")
    if len(parts) != 4 or None in map(whole_number, parts[2:]):
        return None
    queue, job_id = (part.replace("%7C", "|").replace("%25", "%") for part in parts[:2])
    return queue, job_id


def origin_of(run: str) -> tuple[str, str]:
    """Return the job's timestamp and the attempts made that a run's id was derived from."""
    _, timestamp, attempts_made = ("", "", *run.rsplit("|", 2))[-3:]
    return timestamp, attempts_made


def attempt_of(run: str) -> int:
    """Return which attempt at its job a run is: 1 for the first."""
    return whole_number(origin_of(run)[1], 0) + 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a run: a result, or an error.

    Attributes:
        result: the result as JSON text of an object; empty if there is an error.
        error: why the attempt failed; None if there is a result.
        stacktrace: where it failed, for a dashboard; it holds no text from outside.
        recorded: whether it was read from the ledger; False for a verdict of the bridge's own.
        heard: the SHA-1 of its text where it was only heard of; the ledger has to hold the same when it is
            settled. Empty if it was read in the ledger, or is a verdict.
        usage: what the run has had of the language model. The ledger keeps it beside the outcome and not in
            it, so that processes of different versions understand each other.
    """

    result: str = ""
    error: JobError | None = None
    stacktrace: str = ""
    recorded: bool = False
    heard: str = ""
    usage: Usage = field(default_factory=Usage)

    def to_json(self) -> str:
        """Return the outcome as the ledger keeps it."""
        if self.error is None:
            # The result is JSON already and may be large: it is put in as it is, not encoded again.
            return spliced({"result": self.result})
        return json.dumps({"error": self.error.to_dict(), "stacktrace": self.stacktrace})

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """Read what :meth:`to_json` wrote; ``ValueError`` if it is something else."""
        if text.startswith('{"result":') and text.endswith("}"):
            return cls(result=text[len('{"result":') : -1], recorded=True)
        data = read_json(text)
        try:
            error = error_from_dict(data["error"])
            return cls(error=error, stacktrace=str(data["stacktrace"]), recorded=True)
        except (TypeError, KeyError, AttributeError) as cause:
            raise ValueError("an outcome holds a result, or an error with its stack trace") from cause


@dataclass(frozen=True, slots=True)
class RunState:
    """State of one run in the ledger.

    Attributes:
        sent: when it was opened, in epoch milliseconds of Redis' clock; None if there is no entry.
        claim: the token of the claim; None while nobody has claimed it.
        worker: the lease of the worker that claimed it.
        claimed: when it was claimed, in epoch milliseconds of Redis' clock.
        outcome: the outcome as stored; None while there is none.
        usage: what the run has had of the language model, as stored; None while there is no outcome.
    """

    sent: int | None
    claim: str | None
    worker: str | None
    claimed: int | None
    outcome: str | None
    usage: str | None = None


class Message(NamedTuple):
    """Message that sends a run to its Celery queue.

    Attributes:
        queue_key: the key of the list to which it is pushed.
        text: the message, as kombu writes it.
    """

    queue_key: str
    text: str


class Announcement(NamedTuple):
    """Announcement that a worker has recorded an outcome.

    Attributes:
        run: the run's id.
        outcome: the outcome as it stands in the ledger; None if it is too large to be told.
        usage: the usage, likewise.
    """

    run: str
    outcome: str | None = None
    usage: str | None = None


class Opened(Enum):
    """Answer to opening a run."""

    NEW = 1
    THERE = 0
    """It is under way already: whoever held the job before has opened it."""
    LOST = -1
    """The job's lock is not the caller's."""


_FIELDS = ("sent", "claim", "worker", "claimed", "outcome", "usage")


class Runs:
    """The bridge's side of the ledger."""

    def __init__(self, redis: Redis, bullmq_prefix: str) -> None:
        self._redis = redis
        self._prefix = bullmq_prefix
        self._open = redis.register_script(OPEN)
        self.channel = outcome_channel(bullmq_prefix)

    def key(self, run: str) -> str:
        """Return the key of a run's entry."""
        return run_key(self._prefix, run)

    async def open(self, run: str, lock_key: str, token: str, message: Message | None = None) -> Opened:
        """Open the entry of a run, if the job's lock is the caller's.

        Args:
            run: the run's id.
            lock_key: the key of the job's lock.
            token: the token with which the caller holds it.
            message: what is sent with it, if it is NEW; None if it is sent elsewhere.
        """
        keys = [self.key(run), lock_key]
        arguments: list[str | int] = [ENTRY_TTL_MS, token]
        if message is not None:
            keys.append(message.queue_key)
            arguments.append(message.text)
        return Opened(await self._open(keys=keys, args=arguments))

    async def states(self, runs: Sequence[str]) -> list[RunState]:
        """Look at many runs in one round trip."""
        pipe = self._redis.pipeline(transaction=False)
        for run in runs:
            pipe.hmget(self.key(run), _FIELDS)
        return [_state(values) for values in await pipe.execute()]


def outcome_channel(bullmq_prefix: str) -> str:
    """Return the channel on which recorded outcomes are announced."""
    return f"{ledger_prefix(bullmq_prefix)}outcomes"


def read_announcement(text: str) -> Announcement:
    """Read what was announced: the usage, the outcome and the run, a line each; or the run alone."""
    # Of the three only the run may have line breaks, from a job's id.
    usage, _, rest = text.partition("\n")
    outcome, complete, run = rest.partition("\n")
    return Announcement(run, outcome, usage) if complete else Announcement(text)


def _state(values: Sequence[str | None]) -> RunState:
    sent, claim, worker, claimed, outcome, usage = values
    return RunState(whole_number(sent), claim, worker, whole_number(claimed), outcome, usage)
