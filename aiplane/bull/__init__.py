"""BullMQ's own Lua scripts behind a small typed queue.

This package is the only one that imports ``bullmq``, and it takes from it what is the wire: the scripts, the
keys and the arguments they expect. ``bullmq.Worker`` is not used: it stops renewing locks when it closes,
treats a commit that failed as a job that failed, and retries scripts whose reply was lost.
"""

from aiplane.bull.counts import QueueCounter, QueueCounts, read_count, stage_count
from aiplane.bull.ids import LETTER_FIELD, dead_letter_id, is_dead_letter_of, letter_of, result_id
from aiplane.bull.locks import LOCK_MS, TOKEN_MARK, LockRenewal, new_token, owner_of
from aiplane.bull.moves import JobHandle, ScriptRefusedError, Settling, broken_counters, check, iso_now
from aiplane.bull.paused_list import (
    MERGE_PAUSED,
    QueueStatus,
    merge_paused,
    merging_paused,
    stage_merge,
)
from aiplane.bull.progress import KEEP_LOGS, NOTES, Note, NoteWriter, pack_notes
from aiplane.bull.queue import Bull, BullQueue, Taken, read_taken
from aiplane.bull.retention import kept_jobs
from aiplane.bull.scripts import ScriptBatch, ScriptCall

__all__ = [
    "KEEP_LOGS",
    "LETTER_FIELD",
    "LOCK_MS",
    "MERGE_PAUSED",
    "NOTES",
    "TOKEN_MARK",
    "Bull",
    "BullQueue",
    "JobHandle",
    "LockRenewal",
    "Note",
    "NoteWriter",
    "QueueCounter",
    "QueueCounts",
    "QueueStatus",
    "ScriptBatch",
    "ScriptCall",
    "ScriptRefusedError",
    "Settling",
    "Taken",
    "broken_counters",
    "check",
    "dead_letter_id",
    "is_dead_letter_of",
    "iso_now",
    "kept_jobs",
    "letter_of",
    "merge_paused",
    "merging_paused",
    "new_token",
    "owner_of",
    "pack_notes",
    "read_count",
    "read_taken",
    "result_id",
    "stage_count",
    "stage_merge",
]
