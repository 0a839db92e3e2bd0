"""Routes of a participant's requests: the interviewer's reply, a hint, a review; and the status of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, status
from pydantic import Field
from sqlalchemy import select

from aiplane.contracts import MAX_SAFE_INTEGER
from control_plane.access import Entry, RoomId, Somebody, Visit
from control_plane.bodies import CLEAN, Body, Code, LanguageName, LanguageTag
from control_plane.conversation import say
from control_plane.enrichment import hint_payload, interview_payload, review_payload
from control_plane.errors import InvalidRequestError, NotFoundError
from control_plane.hooks import HintFacts
from control_plane.idempotency import Key  # noqa: TC001 - FastAPI reads it
from control_plane.job_id import is_ours
from control_plane.jobs import accept
from control_plane.knowledge import know
from control_plane.routes import refusals
from control_plane.services import Here  # noqa: TC001 - likewise
from control_plane.status import JobStatus, status_of
from control_plane.tables import Hint, Message, Review
from control_plane.tables.base import new_id

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

router = APIRouter(tags=["ai"], prefix="/rooms/{roomId}/ai")

Speech = Annotated[str, CLEAN, Field(max_length=20_000)]
Short = Annotated[str, CLEAN, Field(max_length=200)]
Line = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
Seconds = Annotated[float, Field(ge=0, le=1e9)]
JobId = Annotated[str, Path(alias="jobId", max_length=64, description="The id that asking for it returned.")]
Wait = Annotated[
    int, Query(ge=0, le=25, description="Seconds to wait for its end before saying how it stands.")
]


class CodeContext(Body):
    """The place in the code that is being talked about. Lines and columns are counted from 1."""

    file: Annotated[str, CLEAN, Field(max_length=1_024)] | None = None
    language: LanguageName | None = None
    code_snippet: Code | None = None
    start_line: Line | None = None
    end_line: Line | None = None
    start_column: Line | None = None
    end_column: Line | None = None
    cursor_line: Line | None = None
    cursor_column: Line | None = None
    question_type: Short | None = None
    reason: Short | None = None


class InteractionSignals(Body):
    """Measurements of the browser between two messages."""

    reason: Short | None = None
    elapsed_seconds: Seconds | None = None
    seconds_since_last_user_message: Seconds | None = None
    hint_count: Count | None = None


class NewMessage(Body):
    """A candidate's message. Without one the interviewer speaks first, or of its own accord."""

    message: Speech | None = None
    code: Code | None = None
    code_context: CodeContext | None = None
    trigger: Literal["user_message", "proactive"] | None = None
    interaction_signals: InteractionSignals | None = None
    response_language: LanguageTag | None = None
    voice: bool | None = None


class NewHint(Body):
    """A hint that is wanted. ``followUpToHintId`` is the job id of the hint that it follows."""

    hint_level: Literal["gentle", "subtle", "moderate", "direct"]
    code: Code | None = None
    reflection_response: Speech | None = None
    follow_up_to_hint_id: Annotated[str, Field(max_length=64)] | None = None


class NewReview(Body):
    """A review that is wanted, of the code as it stands or as it is brought."""

    rubric: Annotated[list[Annotated[str, CLEAN, Field(max_length=500)]], Field(max_length=50)] | None = None
    code: Code | None = None


class Accepted(Body):
    """A request that was accepted."""

    job_id: str


def _asking(*more: int) -> dict[str, Any]:
    return {
        "status_code": status.HTTP_202_ACCEPTED,
        "response_model": Accepted,
        "responses": refusals(400, 401, 403, 404, 409, 413, 429, 504, *more),
    }


_LOOKING: dict[str, Any] = {
    "response_model": JobStatus,
    "response_model_exclude_none": True,
    "responses": refusals(400, 401, 404, 504),
}


@router.post("/message", **_asking())
async def send_message(
    body: NewMessage,
    visit: Annotated[Visit, Depends(Entry("ai:message", "message"))],
    here: Here,
    key: Key = None,
) -> Any:
    """Say something to the interviewer, or let it speak."""
    message = (body.message or "").strip() or None

    async def write(session: AsyncSession, job_id: str) -> dict[str, Any]:
        known = await know(session, here.hooks, visit.room, visit.caller.id, about=visit.author)
        if message is not None:
            turn = Message(id=new_id(), role="user", content=message, job_id=job_id, **_whose(visit))
            await say(session, turn)
        asked = body.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"message", "code"})
        return interview_payload(known, message=message, code=body.code, **asked)

    return await accept(here, visit, "message", "interview", body, key=key, writing=write)


@router.post("/hint", **_asking())
async def ask_for_hint(
    body: NewHint,
    visit: Annotated[Visit, Depends(Entry("ai:request-hint", "hint"))],
    here: Here,
    key: Key = None,
) -> Any:
    """Ask for a hint."""
    level = "gentle" if body.hint_level == "subtle" else body.hint_level

    async def write(session: AsyncSession, job_id: str) -> dict[str, Any]:
        known = await know(session, here.hooks, visit.room, visit.caller.id, about=visit.author)
        follows = await _hint_of(session, visit, body.follow_up_to_hint_id)
        row = Hint(
            job_id=job_id,
            level=level,
            follow_up_to=body.follow_up_to_hint_id,
            reflection_response=body.reflection_response,
            **_whose(visit),
        )
        session.add(row)
        return hint_payload(
            known, level=level, code=body.code, reflection=body.reflection_response, follows=follows
        )

    return await accept(here, visit, "hint", "hint", body, key=key, writing=write)


@router.post("/review", **_asking())
async def ask_for_review(
    body: NewReview,
    visit: Annotated[Visit, Depends(Entry("ai:request-review", "review"))],
    here: Here,
    key: Key = None,
) -> Any:
    """Ask for a review of the code; in a room of two people, once their session has ended."""
    rubric = [line.strip() for line in body.rubric or () if line.strip()]

    async def write(session: AsyncSession, job_id: str) -> dict[str, Any]:
        known = await know(session, here.hooks, visit.room, visit.caller.id, about=visit.author)
        payload = review_payload(known, rubric=rubric, code=body.code)
        if not payload["code"].strip():
            sentence = "There is no code to review yet: bring it along, or save it first."
            raise InvalidRequestError(sentence, code="no_code")
        review = Review(
            job_id=job_id, code=payload["code"], language=known.language, rubric=rubric, **_whose(visit)
        )
        session.add(review)
        return payload

    # Whose code it is that somebody brings along who writes none here, nobody knows.
    about = visit.author if body.code is None else visit.own_work
    return await accept(here, visit, "review", "review", body, key=key, writing=write, about=about)


@router.get("/message/{jobId}", **_LOOKING)
async def look_at_message(
    room_id: RoomId, job_id: JobId, caller: Somebody, here: Here, wait: Wait = 0
) -> Any:
    """Say how a message stands, to whoever sent it."""
    return await status_of(here, "message", room_id, job_id, caller.id, wait=wait)


@router.get("/hint/{jobId}", **_LOOKING)
async def look_at_hint(room_id: RoomId, job_id: JobId, caller: Somebody, here: Here, wait: Wait = 0) -> Any:
    """Say how a hint stands, to whoever asked for it."""
    return await status_of(here, "hint", room_id, job_id, caller.id, wait=wait)


@router.get("/review/{jobId}", **_LOOKING)
async def look_at_review(room_id: RoomId, job_id: JobId, caller: Somebody, here: Here, wait: Wait = 0) -> Any:
    """Say how a review stands, to whoever asked for it."""
    return await status_of(here, "review", room_id, job_id, caller.id, wait=wait)


async def _hint_of(session: AsyncSession, visit: Visit, hint_id: str | None) -> HintFacts | None:
    """Return the hint that another one follows."""
    if hint_id is None:
        return None
    own = {"room_id": visit.room.id, "user_id": visit.caller.id}
    found = None
    if is_ours(hint_id):
        found = await session.scalar(select(Hint).filter_by(job_id=hint_id, **own))
    if found is None or found.hint is None:
        raise NotFoundError("There is no such hint to follow, or it has not come yet.")
    return HintFacts(found.hint, found.level, found.created_at)


def _whose(visit: Visit) -> dict[str, str]:
    return {"room_id": visit.room.id, "user_id": visit.caller.id}
