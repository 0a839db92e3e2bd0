"""Effects of a result: the interviewer's turn, the hint, the review, the weaknesses they showed.

All of it happens in the transaction that completes the job, and so as often: once.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from control_plane.conversation import say
from control_plane.enrichment import TURN, interview_payload
from control_plane.job_id import new_job_id
from control_plane.jobs import enqueue
from control_plane.knowledge import know
from control_plane.tables import Hint, Job, Message, Review, WeaknessSighting
from control_plane.tables.base import new_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

    from aiplane.contracts import HintResult, InterviewResult, ReviewResult, TranscribeResult
    from aiplane.queues import Kind
    from control_plane.hooks import Hooks

    Effect = Callable[[AsyncSession, Hooks, Job, Any], Awaitable[None]]


async def _reply(session: AsyncSession, hooks: Hooks, job: Job, result: InterviewResult) -> None:
    """Put what the interviewer said into the conversation; a silence leaves nothing there."""
    await _sight(session, hooks, job, result.weakness_signals, result.message)
    if not result.should_respond:
        return
    message = Message(
        id=new_id(),
        room_id=job.room_id,
        user_id=job.user_id,
        role="assistant",
        content=result.message,
        job_id=job.id,
        follow_up_type=result.follow_up_type,
        follow_up_question=result.follow_up_question,
        difficulty=result.difficulty,
        annotations=[each.model_dump(by_alias=True) for each in result.code_annotations or ()] or None,
        audio_key=result.audio.audio_key if result.audio else None,
        audio_mime_type=result.audio.mime_type if result.audio else None,
    )
    await say(session, message)


async def _hint(session: AsyncSession, _: Hooks, job: Job, result: HintResult) -> None:
    await session.execute(
        update(Hint)
        .where(Hint.job_id == job.id)
        .values(
            hint=result.hint,
            suggested_approach=result.suggested_approach,
            concepts=list(result.related_concepts),
            reflection_prompt=result.reflection_prompt,
        )
    )


async def _review(session: AsyncSession, hooks: Hooks, job: Job, result: ReviewResult) -> None:
    shown = result.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"weakness_signals"})
    await session.execute(
        update(Review).where(Review.job_id == job.id).values(overall_score=result.overall_score, result=shown)
    )
    await _sight(session, hooks, job, result.weakness_signals, result.summary)


async def _spoken(session: AsyncSession, hooks: Hooks, job: Job, result: TranscribeResult) -> None:
    """Say to the interviewer what was said aloud, and have it answered; of silence nothing comes.

    The answer counts for no limit: saying it did.
    """
    text = result.text.strip()[:TURN]
    room = await hooks.load_room(session, job.room_id)
    if not text or room is None or room.state != "active" or not (job.noted or {}).get("answer", True):
        return
    known = await know(session, hooks, room, job.user_id, about=job.about)
    whose = {"room_id": job.room_id, "user_id": job.user_id}
    answer = Job(
        id=new_job_id("interview"), kind="interview", asked="message", counts=False, about=job.about, **whose
    )

    async def write() -> dict[str, Any]:
        message = Message(id=new_id(), role="user", content=text, job_id=answer.id, **whose)
        await say(session, message)
        return interview_payload(known, message=text, trigger="user_message")

    await enqueue(session, answer, write)
    job.result = {**(job.result or {}), "messageJobId": answer.id}
    await session.flush()


EFFECTS: Mapping[Kind, Effect] = MappingProxyType(
    {"interview": _reply, "hint": _hint, "review": _review, "transcribe": _spoken}
)
"""The effect of each kind's result."""


async def _sight(
    session: AsyncSession, hooks: Hooks, job: Job, weaknesses: Iterable[str], evidence: str | None
) -> None:
    """Note which weaknesses of a person a result showed, and in whose words."""
    seen = tuple(weaknesses)
    if not seen or job.about is None:
        return
    room = await hooks.load_room(session, job.room_id)
    row = {
        "job_id": job.id,
        "user_id": job.about,
        "room_id": job.room_id,
        "problem_title": room.problem_title if room else "",
        "evidence": evidence,
        "seen_at": func.clock_timestamp(),
    }
    rows = [{**row, "category": category} for category in seen]
    await session.execute(insert(WeaknessSighting).values(rows).on_conflict_do_nothing())
