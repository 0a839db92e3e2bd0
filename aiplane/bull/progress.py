"""How far a job is, and its log, written as BullMQ's ``job.updateProgress`` and ``job.log`` write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bullmq.redis_connection import loadScript
from redis.exceptions import NoScriptError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis import Redis
    from redis.client import Pipeline

KEEP_LOGS = 100
"""How many lines the log of a job keeps that says nothing of it, those of others included; the oldest go."""


class Note(NamedTuple):
    """One thing to write to a job.

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


class NoteWriter:
    """Writes notes, many in one round trip.

    BullMQ's scripts look first whether the job is there: what comes after a job was removed leaves nothing
    behind, and brings nothing back.
    """

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix
        self._update = redis.register_script(loadScript("updateProgress-3.lua"))
        self._log = redis.register_script(loadScript("addLog-2.lua"))

    def write(self, notes: Sequence[Note]) -> int:
        """Write the notes in their order, and return how many Redis refused.

        Raises:
            RedisError: Redis did not answer. What was written is not known, and writing it again would
                write some of it twice.
            OSError: likewise.
        """
        replies = self._send(notes)
        unread = [note for note, reply in zip(notes, replies, strict=True) if _is_unread(reply)]
        if unread:
            # A Redis that was started anew has forgotten the scripts, and has written none of these.
            for script in (self._update, self._log):
                self._redis.script_load(script.script)
            replies = [*(reply for reply in replies if not _is_unread(reply)), *self._send(unread)]
        return sum(isinstance(reply, Exception) for reply in replies)

    def _send(self, notes: Sequence[Note]) -> list[Any]:
        pipe = self._redis.pipeline(transaction=False)
        for note in notes:
            self._stage(pipe, note)
        return pipe.execute(raise_on_error=False)

    def _stage(self, pipe: Pipeline, note: Note) -> None:
        # By digest and not through the script object, which would ask for the cache before each pipeline.
        base = f"{self._prefix}:{note.queue}:"
        job = f"{base}{note.job_id}"
        if note.is_progress:
            pipe.evalsha(self._update.sha, 3, job, f"{base}events", f"{base}meta", note.job_id, note.text)
        else:
            pipe.evalsha(self._log.sha, 2, job, f"{job}:logs", note.job_id, note.text, note.keep_logs)


def _is_unread(reply: object) -> bool:
    return isinstance(reply, NoScriptError)
