"""Acceptance of what is asked: one transaction with everything in it, and only then an answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol, cast

from aiplane.telemetry.propagation import carrier
from control_plane import limits
from control_plane.events import publish
from control_plane.idempotency import once
from control_plane.job_id import new_job_id
from control_plane.tables import Job, OutboxEntry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

    from aiplane.queues import Kind
    from control_plane.access import Visit
    from control_plane.bodies import Body
    from control_plane.limits import Asked, Quota
    from control_plane.services import Services
    from control_plane.settings import ControlPlaneSettings


class Writing(Protocol):
    """Writer of what is asked for into its own table, which returns what the workers have to know."""

    async def __call__(self, session: AsyncSession, job_id: str, /) -> Mapping[str, Any]:
        """Write the row of one job, and return its payload."""


async def accept(
    here: Services,
    visit: Visit,
    asked: Asked,
    kind: Kind,
    body: Body,
    *,
    key: str | None,
    writing: Writing,
    noted: dict[str, Any] | None = None,
    about: str | None = None,
) -> dict[str, Any]:
    """Accept what a participant asks for, and return the answer: ``{"jobId": …}``.

    Once this has returned, the job is sent to the workers whatever happens to this process or to Redis. If
    it raises, nothing was written, and nothing counts.

    Args:
        here: the services.
        visit: who asks, and where.
        asked: what is asked for; its limit counts.
        kind: the kind of the job.
        body: the request's body, by which a repeated call is known.
        key: the request's ``Idempotency-Key``.
        writing: writes the row that is special to this.
        noted: what the effect of the result has to know.
        about: whose work it is about, where that can be another's; else the own, if the caller has any here.

    Raises:
        RateLimitedError: it was asked for too often.
        ConflictError: the key came with another body before.
        UnavailableError: the database is away, or the workers are.
        TimedOutError: the queues did not answer in time.
    """
    room, user = visit.room.id, visit.caller.id
    await here.admission.admit(kind)
    async with here.database.transaction() as session:
        call = await once(session, visit.caller, f"POST /rooms/{room}/ai/{asked}", key, body)
        if call.answer is not None:
            return call.answer
        quota = await limits.take(session, limits.limit_of(here.settings, asked), asked, room, user)
        job_id = new_job_id(kind)
        whose = {"room_id": room, "user_id": user, "about": about or visit.own_work}
        job = Job(id=job_id, kind=kind, asked=asked, counts=True, noted=noted, **whose)
        entry = await enqueue(session, job, lambda: writing(session, job_id))
        _tell_quota(session, job, quota.after(job.created_at))
        answer = await call.keep(session, {"jobId": job_id})
    here.relay.send_soon(entry)
    return answer


async def tell_quota(session: AsyncSession, settings: ControlPlaneSettings, job: Job) -> None:
    """Tell a person what is left of the limit that a job counts for."""
    asked = cast("Asked", job.asked)
    quota = await limits.look(session, limits.limit_of(settings, asked), asked, job.room_id, job.user_id)
    _tell_quota(session, job, quota)


def _tell_quota(session: AsyncSession, job: Job, quota: Quota) -> None:
    told = {"kind": job.asked, **quota.to_wire()}
    publish(session, job.room_id, "quota", told, user_id=job.user_id)


async def enqueue(session: AsyncSession, job: Job, payload: Any) -> OutboxEntry:
    """Write a job and its outbox entry, which is returned, and tell the room.

    Args:
        session: the transaction.
        job: the job.
        payload: called once the job is there, for the row that refers to it; returns the job's data.
    """
    job.state = "queued"
    session.add(job)
    await session.flush()
    data = json.dumps(await payload())
    entry = OutboxEntry(job_id=job.id, kind=job.kind, payload=data, trace=dict(carrier()), attempts=0)
    session.add(entry)
    told = {"jobId": job.id, "kind": job.asked, "status": "queued"}
    publish(session, job.room_id, "job", told, user_id=job.user_id, job_id=job.id)
    return entry
