"""Routes of what is said aloud: a recording is written down, said to the interviewer, and answered."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request, status
from ulid import ULID

from control_plane.access import Entry, RoomId, Somebody, Visit
from control_plane.bodies import Body
from control_plane.enrichment import transcribe_payload
from control_plane.errors import InvalidRequestError
from control_plane.idempotency import Key  # noqa: TC001 - FastAPI reads it
from control_plane.jobs import accept
from control_plane.recording import FORM_SCHEMA, NewVoice, Recording, read_recording
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


class Said(Body):
    """A digest of a recording, by which a repeated call is known."""

    audio: str
    language: str | None
    answer: bool


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
    recording = await read_recording(request, here.settings.stt_max_audio_size_mb * MEGABYTE)
    said = Said(audio=_digest(recording.audio), language=recording.language, answer=recording.answer)

    async def write(_: AsyncSession, __: str) -> dict[str, Any]:
        audio = await _carried(here, visit, recording)
        return transcribe_payload(visit.room, visit.caller.id, audio=audio)

    return await accept(
        here, visit, "voice", "transcribe", said, key=key, writing=write, noted={"answer": recording.answer}
    )


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


def _digest(audio: bytes) -> str:
    return hashlib.sha256(audio).hexdigest()


async def _carried(here: Services, visit: Visit, recording: Recording) -> dict[str, str]:
    """Return how the workers get at a recording: through the bucket where there is one, else in the job."""
    told = {
        "mimeType": recording.mime_type,
        **({"language": recording.language} if recording.language else {}),
    }
    if here.audio is None:
        return {**told, "audioBase64": base64.b64encode(recording.audio).decode()}
    key = f"recordings/{visit.room.id}/{ULID()}"
    await here.audio.put(key, recording.audio, recording.mime_type)
    return {**told, "audioKey": key}
