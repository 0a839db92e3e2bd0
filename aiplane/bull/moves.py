"""State changes of a job, as script calls: to add it, to complete, fail or retry it, to hand it back."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgpack
from bullmq.error_code import ErrorCode

from aiplane.bull.ids import LETTER_FIELD
from aiplane.bull.locks import LOCK_MS
from aiplane.bull.scripts import ScriptCall

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bullmq.scripts import Scripts

# The keys of each script, in the order in which its header lists them.
# fmt: off
_ADD_KEYS = ("wait", "paused", "meta", "id", "completed", "delayed", "active", "events", "marker")
_ADD_PRIORITIZED_KEYS = (
    "marker", "meta", "id", "prioritized", "delayed", "completed", "active", "events", "pc",
)
_REPROCESS_KEYS = ("events", "failed", "wait", "meta", "active", "marker", "prioritized", "pc")
_HAND_BACK_KEYS = (
    "active", "wait", "stalled", "paused", "meta", "limiter", "prioritized", "marker", "events",
)
# fmt: on


_INCREMENTED = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
"""What Redis can increment."""


class ScriptRefusedError(Exception):
    """Refusal by a script: the job is not (or no longer) where the caller thought it was."""

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
        """True if the job is no longer ours: gone, unlocked, moved, or locked by another."""
        return self.code in {
            ErrorCode.JobNotExist.value,
            ErrorCode.JobLockNotExist.value,
            ErrorCode.JobNotInState.value,
            ErrorCode.JobLockMismatch.value,
        }


def check(reply: object) -> None:
    """Raise what a script answered if that was a refusal (a negative number)."""
    if isinstance(reply, Exception):
        raise reply
    if isinstance(reply, int) and reply < 0:
        raise ScriptRefusedError(reply)


def broken_counters(record: Mapping[str, str]) -> tuple[str, ...]:
    """Return the counters of a job's record on which BullMQ's scripts would break off half-way."""
    names = ("atm", "ats")
    return tuple(name for name in names if name in record and not _INCREMENTED.fullmatch(record[name]))


@dataclass(frozen=True, slots=True)
class JobHandle:
    """Facts of an active job that the settling scripts need.

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


class Settling:
    """The scripts that change a job's state, for one queue.

    Each method returns the step to take; what it answered is read by :func:`check`.
    """

    def __init__(self, scripts: Scripts, metrics_minutes: int) -> None:
        self._scripts = scripts
        metrics = {"metrics": {"maxDataPoints": metrics_minutes}} if metrics_minutes else {}
        self._worker_options = {"lockDuration": LOCK_MS, **metrics}

    def adding(self, name: str, data: str, *, job_id: str, options: Mapping[str, Any]) -> ScriptCall:
        """Add a job that waits at once; with an id that exists already, nothing is added.

        Args:
            name: the job's name.
            data: the job's data as JSON text.
            job_id: the job's id. BullMQ refuses colons in it, so :func:`safe_id` comes first.
            options: BullMQ's job options, by their long names; a ``priority`` is honoured.
        """
        now = now_ms()
        packed = msgpack.packb(
            [self._scripts.keys[""], job_id, name, now, None, None, None, None, None],
            unicode_errors="surrogateescape",
        )
        packed_options = msgpack.packb(
            self._scripts.encodeOpts({"attempts": 0, **options, "jobId": job_id}),
            unicode_errors="surrogateescape",
        )
        script, keys = (
            ("addPrioritizedJob", _ADD_PRIORITIZED_KEYS)
            if options.get("priority")
            else ("addStandardJob", _ADD_KEYS)
        )
        return self._step(script, self._scripts.getKeys(keys), [packed, data, packed_options, now])

    def reprocessing(self, job_id: str, *, lifo: bool) -> ScriptCall:
        """Move a job that has failed for good back to where it waits, with all its attempts to come."""
        keys = [self._scripts.toKey(job_id), *self._scripts.getKeys(_REPROCESS_KEYS)]
        push = "RPUSH" if lifo else "LPUSH"
        return self._step("reprocessJob", keys, [job_id, push, "failedReason", "failed", "1", "1"])

    def removing(self, job_id: str) -> ScriptCall:
        """Remove a job that is not active, from whatever state it is in."""
        keys = [self._scripts.toKey(job_id), self._scripts.keys["repeat"]]
        return self._step("removeJob", keys, [job_id, 0, self._scripts.keys[""]])

    def logging(self, job_id: str, line: str, keep: int) -> ScriptCall:
        """Add a line to the log of a job, of which that many lines are kept; nothing if it is gone."""
        key = self._scripts.toKey(job_id)
        return self._step("addLog", [key, f"{key}:logs"], [job_id, line, keep])

    def completing(self, job: JobHandle, returnvalue: str) -> ScriptCall:
        """Move an active job to completed; ``returnvalue`` is JSON text."""
        keys, arguments = self._finish_arguments(job, "returnvalue", "completed", job.keep_completed)
        arguments[3] = returnvalue
        return self._step("moveToFinished", keys, arguments)

    def failing(
        self, job: JobHandle, reason: str, stacktrace: Sequence[str], letter: str | None = None
    ) -> ScriptCall:
        """Move an active job to failed, for good; its record names its dead letter, if it gets one."""
        keys, arguments = self._finish_arguments(job, "failedReason", "failed", job.keep_failed)
        arguments[3] = reason
        arguments.append(_failure_fields(reason, stacktrace, {LETTER_FIELD: letter} if letter else {}))
        return self._step("moveToFinished", keys, arguments)

    def retrying(self, job: JobHandle, delay_ms: int, reason: str, stacktrace: Sequence[str]) -> ScriptCall:
        """Give an active job another attempt: after ``delay_ms``, or at once if that is 0."""
        if delay_ms:
            keys, arguments = self._scripts.moveToDelayedArgs(job.id, now_ms(), job.token, delay_ms)
            arguments[6] = _failure_fields(reason, stacktrace)
            return self._step("moveToDelayed", keys, arguments)
        keys, arguments = self._scripts.retryJobArgs(job.id, job.lifo, job.token)
        return self._step("retryJob", keys, [*arguments, _failure_fields(reason, stacktrace)])

    def handing_back(self, job: JobHandle) -> ScriptCall:
        """Put an active job back to where it waited, as the next in line; no attempt is counted."""
        keys = self._scripts.getKeys(_HAND_BACK_KEYS)
        return self._step("moveJobFromActiveToWait", keys, [job.id, job.token, self._scripts.toKey(job.id)])

    def _finish_arguments(
        self, job: JobHandle, field_name: str, target: str, keep: object
    ) -> tuple[list[str], list[Any]]:
        shim = SimpleNamespace(
            id=job.id,
            queue=SimpleNamespace(opts=self._worker_options),
            attempts=job.attempts,
            attemptsMade=job.attempts_made,
            opts=job.parent_options,
        )
        keys, arguments = self._scripts.moveToFinishedArgs(
            shim, "", field_name, keep, target, job.token, fetchNext=False
        )
        return keys, arguments

    def _step(self, script: str, keys: Sequence[str], arguments: Sequence[Any]) -> ScriptCall:
        return ScriptCall(script, keys, arguments, self._scripts.commands[script].sha)


def _failure_fields(reason: str, stacktrace: Sequence[str], more: Mapping[str, str] | None = None) -> bytes:
    fields = {"failedReason": reason, "stacktrace": json.dumps(list(stacktrace)), **(more or {})}
    flat = [text for pair in fields.items() for text in pair]
    return bytes(msgpack.packb(flat, unicode_errors="surrogateescape"))


def iso_now() -> str:
    """Return the time as JavaScript's ``toISOString`` writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now_ms() -> int:
    """Return the time as BullMQ writes it: epoch milliseconds."""
    return round(time.time() * 1000)
