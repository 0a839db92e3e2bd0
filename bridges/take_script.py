"""Script that takes a job and sends its run: an ordinary one is on its way to its pool at once.

The script takes the next job as BullMQ does. Where all that has to be known of it can be read by Lua, it
opens the job's run and sends it as well; of any other job the bridge sees to that. Where there is no job, it
looks at how the queue stands, and takes away the marker that would only call the bridge back to an empty
queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgpack

from aiplane.bull import KEEP_LOGS, MERGE_PAUSED, QueueStatus, ScriptCall, read_taken
from aiplane.ledger.runs import ENTRY_TTL_MS, OPEN, run_id_part
from aiplane.redis.lua import load_script
from bridges.dispatch import new_tag
from bridges.options import DEFAULT_ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiplane.bull import Bull, BullQueue, ScriptBatch, Taken
    from bridges.dispatch import Form


class Answer(NamedTuple):
    """Answer of the script that takes a job.

    Attributes:
        taken: the job, or why there is none.
        sent: whether its run is opened and sent.
        standing: how the queue stands; None if a job was taken.
    """

    taken: Taken
    sent: bool
    standing: QueueStatus | None


TAKE_SCRIPTS = {"open": OPEN, "mergePaused": MERGE_PAUSED, "take": load_script(__package__, "take")}
"""The scripts of ours that taking is made of; of BullMQ's it is ``moveToActive``."""


def taking_steps(bull: Bull) -> ScriptBatch:
    """Return the steps of which :func:`taking` makes one."""
    return bull.steps(["moveToActive"], TAKE_SCRIPTS)


class Sending:
    """Sending of a queue's runs as their jobs are taken."""

    def __init__(self, form: Form, queue: str, run_prefix: str) -> None:
        """Prepare.

        Args:
            form: what is alike in their messages.
            queue: BullMQ's name of the queue.
            run_prefix: what the keys of runs begin with.
        """
        self._alike = {
            "queue": run_id_part(queue),
            "runs": run_prefix,
            "list": form.list_key,
            "text": form.text,
            "logs": str(KEEP_LOGS),
            "attempts": str(DEFAULT_ATTEMPTS),
            "entry_ms": ENTRY_TTL_MS,
        }

    def packed(self, token: str) -> bytes:
        """Return it as an argument, for the job that is locked with ``token``."""
        return bytes(msgpack.packb({**self._alike, "token": token, "tag": new_tag()}))


def taking(queue: BullQueue, token: str, worker: str, sending: Sending | None) -> ScriptCall:
    """Return the step that takes a queue's next job, and sends it.

    Args:
        queue: the queue.
        token: what the job is locked with.
        worker: who takes it.
        sending: how its run is sent; None if the bridge sees to that.
    """
    step = queue.taking(token, worker=worker)
    return ScriptCall("take", step.keys, [*step.arguments, *([sending.packed(token)] if sending else [])])


def read_answer(reply: Sequence[Any]) -> Answer:
    """Read what the step has answered."""
    taken, more = read_taken(reply[:4]), reply[4]
    if taken.job_id is None:
        return Answer(taken, sent=False, standing=QueueStatus(*map(bool, more)))
    return Answer(taken, sent=more == 1, standing=None)
