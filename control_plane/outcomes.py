"""Outcomes of jobs, in the database: completed with a result and its effects, or failed with a reason.

A result counts once: the statement that completes a job does so only if it is not yet, and the effects are in
its transaction. A job that failed can complete later, when an operator retried it; one that completed stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import SpanKind
from pydantic import ValidationError
from sqlalchemy import func, update

from aiplane.contracts import clean
from aiplane.errors import ERRORS
from aiplane.results import RESULTS, NotNowError
from aiplane.telemetry.propagation import read_metadata
from aiplane.telemetry.spans import span
from control_plane.audio_links import unlinked
from control_plane.effects import EFFECTS
from control_plane.errors import UnavailableError
from control_plane.events import publish
from control_plane.job_id import is_ours
from control_plane.jobs import tell_quota
from control_plane.tables import Job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

    from aiplane.queues import Kind
    from aiplane.results import Delivery, Failure
    from control_plane.services import Services

UNREADABLE: Final = "The answer that came back could not be read. Please ask once more."
LOST: Final = "The job was lost before it could be answered. Please ask once more."

_HIDDEN: Final = ("weaknessSignals", "jobId")
"""Fields that stay here: signals are the service's own."""


class Outcomes:
    """Record of how jobs ended."""

    def __init__(self, here: Services) -> None:
        self._settings = here.settings
        self._database = here.database
        self._hooks = here.hooks
        self._cache = here.cache
        self._relay = here.relay
        self._audio = here.audio

    async def started(self, kind: Kind, job_id: str) -> None:
        """Tell whoever asked that a worker has taken the job, the first time that it is heard."""
        if not is_ours(job_id):
            return
        async with self._database.transaction() as session:
            job = await session.scalar(
                update(Job)
                .where(Job.id == job_id, Job.kind == kind, Job.state == "queued", Job.started_at.is_(None))
                .values(started_at=func.clock_timestamp())
                .returning(Job)
            )
            if job is not None:
                told = {"jobId": job.id, "kind": job.asked, "status": "running"}
                publish(session, job.room_id, "job", told, user_id=job.user_id, job_id=job.id)

    async def completed(self, delivery: Delivery) -> None:
        """Write down a result. One that came before, or that answers no job of ours, changes nothing.

        Raises:
            NotNowError: the database is away.
        """
        if not is_ours(delivery.job_id):
            return
        with span(
            f"store {delivery.kind} result", kind=SpanKind.CONSUMER, context=read_metadata(delivery.trace)
        ):
            await self._store(delivery)

    async def _store(self, delivery: Delivery) -> None:
        try:
            async with self._database.transaction() as session:
                job = await _complete(session, delivery)
                if job is not None:
                    await self._take_effect(session, job, delivery)
                    await tell(session, job)
                    if job.state == "failed":
                        await tell_quota(session, self._settings, job)
        except UnavailableError as error:
            raise NotNowError from error
        if delivery.kind == "transcribe":
            self._relay.wake()  # what was said aloud is answered
        if job is not None and job.state == "completed":
            await self._cache.put(job.id, outcome_of(job))
            self._forget_recording(job)

    def _forget_recording(self, job: Job) -> None:
        """Remove what was said aloud, once it is written down. After a failure it can be tried again."""
        key = (job.noted or {}).get("audioKey")
        if self._audio is not None and key:
            self._audio.remove_soon(key)

    async def failed(self, failure: Failure) -> None:
        """Write down a failure, likewise. It is not cached: an operator can have it tried again."""
        if not is_ours(failure.job_id):
            return
        async with self._database.transaction() as session:
            job = await session.scalar(
                update(Job)
                .where(Job.id == failure.job_id, Job.state == "queued")
                .values(
                    state="failed", ended_at=func.clock_timestamp(), **_error(failure.code, failure.sentence)
                )
                .returning(Job)
            )
            if job is not None:
                await tell(session, job)
                await tell_quota(session, self._settings, job)

    async def _take_effect(self, session: AsyncSession, job: Job, delivery: Delivery) -> None:
        try:
            result = RESULTS[delivery.kind].model_validate(delivery.result)
        except ValidationError:
            fault = {"state": "failed", "result": None, **_error("llm_invalid_response", UNREADABLE)}
            await session.execute(update(Job).where(Job.id == job.id).values(fault))
            await session.refresh(job)
            return
        await EFFECTS[delivery.kind](session, self._hooks, job, result)


async def _complete(session: AsyncSession, delivery: Delivery) -> Job | None:
    """Complete a job, if it is one of ours that has not completed yet, and return it."""
    return await session.scalar(
        update(Job)
        .where(Job.id == delivery.job_id, Job.kind == delivery.kind, Job.state != "completed")
        .values(
            state="completed",
            result=shown(delivery.result),
            error_code=None,
            error_message=None,
            retryable=None,
            ended_at=func.clock_timestamp(),
        )
        .returning(Job)
    )


async def tell(session: AsyncSession, job: Job) -> None:
    """Tell whoever asked how the job ended."""
    told: dict[str, Any] = {"jobId": job.id, "kind": job.asked, "status": job.state}
    if job.state == "failed":
        told["error"] = error_of(job)
    publish(session, job.room_id, "job", told, user_id=job.user_id, job_id=job.id)


def shown(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a browser may have of a result, as PostgreSQL can store it."""
    return {name: _storable(value) for name, value in unlinked(result).items() if name not in _HIDDEN}


def outcome_of(job: Job) -> dict[str, Any]:
    """Return what the cache keeps of a job that has completed, and for whom."""
    return {"roomId": job.room_id, "userId": job.user_id, "asked": job.asked, "result": job.result}


def error_of(job: Job) -> dict[str, Any]:
    """Return why a job failed, as JSON-ready data."""
    return {"code": job.error_code, "message": job.error_message, "retryable": bool(job.retryable)}


def _error(code: str, sentence: str) -> dict[str, Any]:
    leaf = ERRORS.get(code, ERRORS["internal_error"])
    message = clean(sentence) if code else "Something went wrong while this was worked on."
    return {"error_code": leaf.code, "error_message": message[:2_000], "retryable": leaf.retryable}


def _storable(value: Any) -> Any:
    """Replace what JSONB cannot hold: a NUL, and half of a surrogate pair."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(name)): _storable(each) for name, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list) else value
