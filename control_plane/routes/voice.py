"""Routes of what is said aloud: a recording is written down, said to the interviewer, and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request, status
from ulid import ULID

from control_plane import limits
from control_plane.access import Entry, RoomId, Somebody, Visit
from control_plane.bodies import Body
from control_plane.enrichment import transcribe_payload
from control_plane.errors import ConflictError, InvalidRequestError, RateLimitedError, TimedOutError
from control_plane.idempotency import Key  # noqa: TC001 - FastAPI reads it
from control_plane.jobs import accept
from control_plane.recording import (
    FORM_SCHEMA,
    Described,
    NewVoice,
    Recording,
    read_recording,
    size_on_the_wire,
)
from control_plane.routes import refusals
from control_plane.routes.ai import Accepted, JobId, Wait
from control_plane.services import Here, Services  # noqa: TC001 - likewise
from control_plane.status import JobError, status_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

router = APIRouter(tags=["ai"], prefix="/rooms/{roomId}/ai")

MEGABYTE: Final = 2**20


class VoiceStatus(Body):
    """Status of a recording.

    Attributes:
        text: what was said; empty for silence.
        message_job_id: the job of the interviewer's answer, where there is something to answer.
    """

    status: Literal["queued", "running", "completed", "failed"]
    text: str | None = None
    message_job_id: str | None = None
    error: JobError | None = None


class Said(Described):
    """A description and a digest of a recording, by which a repeated call is known."""

    digest: str


@router.post(
    "/voice",
    status_code=status.HTTP_202_ACCEPTED,
    response_model=Accepted,
    responses=refusals(400, 401, 403, 404, 409, 413, 429, 504),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": FORM_SCHEMA},
                "application/json": {"schema": NewVoice.model_json_schema()},
            },
        }
    },
)
async def say(
    request: Request,
    visit: Annotated[Visit, Depends(Entry("ai:message", "voice"))],
    here: Here,
    key: Key = None,
) -> Any:
    """Say something aloud."""
    if here.settings.stt_provider == "none":
        raise InvalidRequestError("Nobody writes down here what is said: type it.", code="stt_disabled")
    most = here.settings.stt_max_audio_size_mb * MEGABYTE
    await _refuse_early(here, visit, key)
    with here.uploads.take(visit.caller.id, size_on_the_wire(request, most)):
        async with read_recording(request, most) as recording:
            return await _accept(here, visit, key, recording)


@router.get(
    "/voice/{jobId}",
    response_model=VoiceStatus,
    response_model_exclude_none=True,
    responses=refusals(400, 401, 404, 504),
)
async def look_at_voice(room_id: RoomId, job_id: JobId, caller: Somebody, here: Here, wait: Wait = 0) -> Any:
    """Say how a recording stands, to whoever spoke."""
    found = await status_of(here, "voice", room_id, job_id, caller.id, wait=wait)
    result = found.result or {}
    return VoiceStatus(
        status=found.status,
        text=result.get("text"),
        message_job_id=result.get("messageJobId"),
        error=found.error,
    )


async def _refuse_early(here: Services, visit: Visit, key: str | None) -> None:
    """Refuse what would be refused anyway, before megabytes of it have come."""
    await here.admission.admit("transcribe")
    if key is not None:
        return  # it may be a call that was answered already
    limit = limits.limit_of(here.settings, "voice")
    async with here.database.transaction() as session:
        await limits.check(session, limit, "voice", visit.room.id, visit.caller.id)


async def _accept(here: Services, visit: Visit, key: str | None, recording: Recording) -> dict[str, Any]:
    """Accept a recording, which waits for the workers in the bucket where there is one, else in the job."""
    if here.audio is None:
        answer, _ = await _ask(here, visit, key, recording, {"audioBase64": await recording.base64()})
        return answer
    stored = f"recordings/{visit.room.id}/{ULID()}"
    # Before the transaction: a connection and a lock are nothing to hold while a bucket takes its time.
    await here.audio.put(stored, recording.file, recording.size, recording.told.mime_type)
    try:
        answer, used = await _ask(here, visit, key, recording, {"audioKey": stored})
    except (RateLimitedError, ConflictError, TimedOutError):
        # Not after other errors: where only the answer to the commit was lost, a job has it.
        here.audio.remove_soon(stored)
        raise
    if not used:
        here.audio.remove_soon(stored)
    return answer


async def _ask(
    here: Services, visit: Visit, key: str | None, recording: Recording, audio: dict[str, str]
) -> tuple[dict[str, Any], bool]:
    """Return the answer, and whether it is of this call, and not of one that came before with its key."""
    said = Said(**recording.told.model_dump(), digest=recording.digest)
    noted = {"answer": said.answer, **({} if here.audio is None else audio)}
    used = False

    async def write(_: AsyncSession, __: str) -> dict[str, Any]:
        nonlocal used
        used = True
        told = said.model_dump(by_alias=True, exclude_none=True, include={"mime_type", "language"})
        return transcribe_payload(visit.room, visit.caller.id, audio={**told, **audio})

    answer = await accept(here, visit, "voice", "transcribe", said, key=key, writing=write, noted=noted)
    return answer, used
