"""Ids of jobs: ours, so that no two jobs share one, in whatever queue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ulid import ULID

from aiplane.queues import KINDS

if TYPE_CHECKING:
    from aiplane.queues import Kind

_OURS: Final = re.compile(rf"(?:{'|'.join(KINDS)})-[0-9A-HJKMNP-TV-Z]{{26}}")


def new_job_id(kind: Kind) -> str:
    """Return an id that no other job has. It has no colon, which BullMQ would refuse."""
    return f"{kind}-{ULID()}"


def is_ours(job_id: str) -> bool:
    """Tell an id of ours from one that somebody else gave a job, or made up."""
    return _OURS.fullmatch(job_id) is not None
