"""A job that the bridge holds: what BullMQ knows of it, read once into plain types. Never its payload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiplane.bull import JobHandle, broken_counters, letter_of
from aiplane.ledger.runs import run_id
from aiplane.redis.untrusted_json import read_object, read_stored, whole_number
from bridges.options import JobOptions, read_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.queues import QueueSpec

STACK_TRACES = 10
"""How many stack traces a job keeps unless its options ask for fewer."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job, active and locked by this bridge.

    Attributes:
        spec: the row of its kind.
        queue: BullMQ's name of its queue.
        id: its id.
        token: the token of the lock that this bridge holds.
        name: the name its producer gave it.
        timestamp: when it was made, in epoch milliseconds; 0 if the record does not say.
        attempts_made: attempts that are over.
        attempts_started: how often it was taken, this time included; 0 if the record does not say.
        processed_on: when it was taken, in epoch milliseconds; it tells this taking from a later one of the
            same job.
        options: its options.
        stacktrace: the traces of its earlier attempts.
        trace: the trace context to continue, if any.
        scheduler: the scheduler that made it, if one did.
        dead_letter: the id of the letter that was written when it failed for good, if it has before.
        deferred_failure: why it must fail without being run (a child failed it), if so.
        fault: what is wrong with its record, if that makes it impossible to run.
        sent: whether its run was opened and sent when it was taken.
        unreadable: fields of its record on which BullMQ's scripts would break off half-way; they go before
            the job is settled.
    """

    spec: QueueSpec
    queue: str
    id: str
    token: str
    name: str = ""
    timestamp: int = 0
    attempts_made: int = 0
    attempts_started: int = 0
    processed_on: int = 0
    options: JobOptions = field(default_factory=JobOptions)
    stacktrace: tuple[str, ...] = ()
    trace: str | None = None
    scheduler: str | None = None
    dead_letter: str | None = None
    deferred_failure: str | None = None
    fault: str | None = None
    sent: bool = False
    unreadable: tuple[str, ...] = ()

    @property
    def run(self) -> str:
        """The id of the run of its present attempt."""
        return run_id(self.queue, self.id, self.timestamp, self.attempts_made)

    @property
    def handle(self) -> JobHandle:
        """The facts that the settling scripts need of it."""
        return JobHandle(
            id=self.id,
            token=self.token,
            attempts=self.options.attempts,
            attempts_made=self.attempts_made,
            lifo=self.options.lifo,
            keep_completed=self.options.remove_on_complete,
            keep_failed=self.options.remove_on_fail,
            parent_options=self.options.parent,
        )

    def traces_with(self, stacktrace: str) -> list[str]:
        """Return the stack traces to store when an attempt has failed with ``stacktrace``."""
        limit = self.options.stack_trace_limit
        keep = STACK_TRACES if limit is None else min(limit, STACK_TRACES)
        return [*self.stacktrace, stacktrace][-keep:] if keep else []


def read_job(
    spec: QueueSpec, queue: str, job_id: str, token: str, record: Mapping[str, str], *, sent: bool = False
) -> Job:
    """Read a job's hash. It never raises: what cannot be run says so in ``fault``."""
    fault = None if "data" in record else "The job's record is missing or has no data."
    try:
        options = read_options(record.get("opts", ""))
    except ValueError:
        options, fault = JobOptions(), "The job's options are not a JSON object."
    return Job(
        spec=spec,
        queue=queue,
        id=job_id,
        token=token,
        name=record.get("name") or spec.job_name,
        timestamp=whole_number(record.get("timestamp"), 0),
        attempts_made=whole_number(record.get("atm") or record.get("attemptsMade"), 0),
        attempts_started=whole_number(record.get("ats"), 0),
        processed_on=whole_number(record.get("processedOn"), 0),
        options=options,
        stacktrace=_traces(record.get("stacktrace")),
        trace=record.get("tm") or options.trace,
        scheduler=record.get("rjk") or None,
        dead_letter=letter_of(job_id, record),
        deferred_failure=record.get("defa") or None,
        fault=fault,
        sent=sent,
        unreadable=_unreadable(record),
    )


def _unreadable(record: Mapping[str, str]) -> tuple[str, ...]:
    return (*broken_counters(record), *(() if _knows_its_parent(record) else ("parent", "parentKey")))


def _knows_its_parent(record: Mapping[str, str]) -> bool:
    """Return whether a record tells of a parent as BullMQ does: by nothing, or by a key and its two parts."""
    if "parent" not in record:
        return ":" in record.get("parentKey", ":")
    parent = read_object(record["parent"])
    named = all(isinstance(parent.get(part), str) for part in ("id", "queueKey"))
    return named and record.get("parentKey") == f"{parent['queueKey']}:{parent['id']}"


def _traces(text: str | None) -> tuple[str, ...]:
    traces = read_stored(text)
    return tuple(trace for trace in traces if isinstance(trace, str)) if isinstance(traces, list) else ()
