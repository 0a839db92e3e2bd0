"""Status of a job, for whoever asked: from the cache, then the row, then BullMQ."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, cast

from control_plane.audio_links import linked
from control_plane.bell import wait_until_rung
from control_plane.bodies import Body
from control_plane.errors import NotFoundError
from control_plane.job_id import is_ours
from control_plane.outcomes import error_of
from control_plane.tables import Job

if TYPE_CHECKING:
    from aiplane.queues import Kind
    from control_plane.limits import Asked
    from control_plane.services import Services

_UNDER_WAY = frozenset({"active", "completed", "failed"})
"""BullMQ's states of a job that runs, or that has ended a moment ago and is about to be written down."""


class JobError(Body):
    """Reason of a failure.

    Attributes:
        retryable: whether the same may succeed when it is asked for again.
    """

    code: str
    message: str
    retryable: bool


class JobStatus(Body):
    """Status of a job."""

    status: Literal["queued", "running", "completed", "failed"]
    result: dict[str, Any] | None = None
    error: JobError | None = None


async def status_of(
    here: Services, asked: Asked, room_id: str, job_id: str, user_id: str, *, wait: float
) -> JobStatus:
    """Return how a job stands, once it has ended or ``wait`` seconds have passed.

    Raises:
        NotFoundError: there is no such job, or it is somebody else's.
        TimedOutError, UnavailableError: it is not known whether it runs.
    """
    owner = {"roomId": room_id, "userId": user_id, "asked": asked}
    if is_ours(job_id) and (kept := await here.cache.get(job_id)) and kept.items() >= owner.items():
        return JobStatus(status="completed", result=linked(here.audio, kept["result"]))
    until = time.monotonic() + wait
    with here.bell.heard(job_id) as rung:
        while True:
            job = await _row(here, owner, job_id)
            if job.state == "completed":
                return JobStatus(status="completed", result=linked(here.audio, job.result or {}))
            if job.state == "failed":
                return JobStatus(status="failed", error=JobError.model_validate(error_of(job)))
            left = until - time.monotonic()
            if left <= 0 or here.bell.closing:
                return JobStatus(status=await _under_way(here, job))
            await wait_until_rung(rung, left)


async def _row(here: Services, owner: dict[str, str], job_id: str) -> Job:
    job = None
    if is_ours(job_id):
        async with here.database.statements() as session:
            job = await session.get(Job, job_id)
    if job is None or owner != {"roomId": job.room_id, "userId": job.user_id, "asked": job.asked}:
        raise NotFoundError("There is no such job, or it is none of yours.")
    return job


async def _under_way(here: Services, job: Job) -> Literal["queued", "running"]:
    kind = cast("Kind", job.kind)
    state = await here.breaker.call(lambda: here.client.state(kind, job.id))
    return "running" if state in _UNDER_WAY else "queued"
