"""Progress and log of a job, written as BullMQ's ``job.updateProgress`` and ``job.log`` write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bullmq.redis_connection import loadScript

from aiplane.bull.scripts import CALL, ScriptCall, combine, pack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis

KEEP_LOGS = 100
"""How many lines the log of a job keeps that says nothing of it, those of others included; the oldest go."""


class Note(NamedTuple):
    """One progress update or log line of a job.

    Attributes:
        queue: BullMQ's name of the job's queue.
        job_id: the job's id.
        text: a line of its log, or its progress as JSON text.
        is_progress: which of the two it is.
        keep_logs: how many lines the job's log keeps.
    """

    queue: str
    job_id: str
    text: str
    is_progress: bool = False
    keep_logs: int = KEEP_LOGS


NOTES = combine({"progress": loadScript("updateProgress-3.lua"), "log": loadScript("addLog-2.lua")})
"""Lua: ``take`` writes the notes that :func:`pack_notes` has packed.

BullMQ's scripts look first whether the job is there: what comes after a job was removed leaves nothing
behind, and brings nothing back.
"""

WRITE_NOTES = NOTES + CALL
"""Lua: the same, as a script."""

MOST_AT_ONCE = 200
"""Notes that are written by one call. While it writes them, Redis does nothing else."""


class NoteWriter:
    """Writer of notes, many by one call."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._prefix = prefix
        self._write = redis.register_script(WRITE_NOTES)

    def write(self, notes: Sequence[Note]) -> int:
        """Write the notes in their order, and return how many Redis refused.

        Raises:
            RedisError: Redis did not answer. What was written is not known, and writing it again would
                write some of it twice.
            OSError: likewise.
        """
        starts = range(0, len(notes), MOST_AT_ONCE)
        parts = (pack_notes(self._prefix, notes[start : start + MOST_AT_ONCE]) for start in starts)
        return sum(answer is None for part in parts for answer in self._write(args=[part]))


def pack_notes(prefix: str, notes: Sequence[Note]) -> bytes:
    """Return notes as the one argument that :data:`NOTES` takes."""
    return pack(_step(prefix, note) for note in notes)


def _step(prefix: str, note: Note) -> ScriptCall:
    base = f"{prefix}:{note.queue}:"
    job = f"{base}{note.job_id}"
    if note.is_progress:
        keys = [job, f"{base}events", f"{base}meta"]
        return ScriptCall("progress", keys, [note.job_id, note.text], best_effort=True)
    return ScriptCall("log", [job, f"{job}:logs"], [note.job_id, note.text, note.keep_logs], best_effort=True)
