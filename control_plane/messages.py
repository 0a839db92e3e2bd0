"""Messages as a room sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from control_plane.audio_links import link_of
from control_plane.bodies import Body, Moment

if TYPE_CHECKING:
    from control_plane.audio_store import AudioStore
    from control_plane.tables import Message


class Annotation(Body):
    """A remark at a line of the code, counted from 1."""

    line: int
    comment: str


class ShownMessage(Body):
    """One turn of the conversation.

    Attributes:
        user_id: the person whose conversation it is, for the interviewer's turns too.
        job_id: the job that the turn asked for, or that answered with it.
        audio_url: the spoken reply.
    """

    id: str
    role: Literal["user", "assistant"]
    content: str
    user_id: str
    job_id: str
    created_at: Moment
    follow_up_type: str | None = None
    follow_up_question: str | None = None
    difficulty: str | None = None
    code_annotations: list[Annotation] | None = None
    audio_url: str | None = None


def show(message: Message, audio: AudioStore | None) -> ShownMessage:
    """Return a message as a room sees it. A link to its audio is good for an hour from now."""
    return ShownMessage.model_validate(
        {
            "id": message.id,
            "role": message.role,
            "content": message.content,
            "userId": message.user_id,
            "jobId": message.job_id,
            "createdAt": message.created_at,
            "followUpType": message.follow_up_type,
            "followUpQuestion": message.follow_up_question,
            "difficulty": message.difficulty,
            "codeAnnotations": message.annotations,
            "audioUrl": link_of(audio, message.audio_key),
        }
    )
