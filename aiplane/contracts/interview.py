"""The interview job: one reply of the interviewer, or a silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    computed_field,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from aiplane.contracts.scalars import (
    BLANK_IS_ABSENT,
    HELPS,
    Code,
    Count,
    EditorLine,
    Label,
    Language,
    Ordinal,
    Path,
    ProblemText,
    Seconds,
    Snippet,
    Speech,
    Timestamp,
    Words,
    latest,
)
from aiplane.contracts.shared import (
    Conversation,
    Difficulty,
    FollowUpType,
    PastHint,
    WeaknessSignals,
    WithExecution,
    WithHistory,
)
from aiplane.contracts.whole import whole
from aiplane.contracts.wire import Result, Wire

Trigger = Literal["user_message", "proactive"]


class RecentHint(PastHint):
    """A hint that the candidate asked for during this interview, and when."""

    created_at: Timestamp = None


class CodeContext(Wire):
    """The place in the code that is being talked about; it is sent, and is sent back whole.

    What is wrong in it makes a field absent. What is sent back is what came, whatever of it is read here;
    what is too large for that (:mod:`aiplane.contracts.whole`) as it was read.

    Attributes:
        file: its name.
        language: what it is written in.
        code_snippet: the lines themselves, at most what a whole program may have.
        start_line, end_line: the range, counted from 1. An end before its start counts as the start.
        cursor_line: where the cursor is, counted from 1.
        question_type, reason: what is asked about the place, and why, in the control plane's words.
    """

    file: Annotated[Path, HELPS] = None
    language: Annotated[Label | None, HELPS] = None
    code_snippet: Annotated[Snippet | None, HELPS] = None
    start_line: Annotated[EditorLine, HELPS] = None
    end_line: Annotated[EditorLine, HELPS] = None
    start_column: Annotated[Count | None, HELPS] = None
    end_column: Annotated[Count | None, HELPS] = None
    cursor_line: Annotated[EditorLine, HELPS] = None
    cursor_column: Annotated[Count | None, HELPS] = None
    question_type: Annotated[Label | None, HELPS] = None
    reason: Annotated[Label | None, HELPS] = None
    _came: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_what_came(cls, data: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        context = read(data)
        if isinstance(data, Mapping):
            spelled = {cls._on_the_wire(name): value for name, value in data.items()}
            context._came.update(whole(spelled))  # noqa: SLF001 -- its own, of the instance made here
        return context

    @classmethod
    def _on_the_wire(cls, name: str) -> str:
        field = cls.model_fields.get(name)
        return name if field is None else str(field.alias)

    @model_serializer(mode="wrap")
    def _as_it_came(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if value is not None} | self._came

    def __eq__(self, other: object) -> bool:
        """Compare what is read."""
        return isinstance(other, CodeContext) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))

    @field_validator("end_line")
    @classmethod
    def _never_before_the_start(cls, end: int | None, info: ValidationInfo) -> int | None:
        start: int | None = info.data.get("start_line")
        return end if end is None or start is None else max(start, end)


class InteractionSignals(Wire):
    """Measurements of the room between two messages. What is wrong in them makes a signal absent.

    Attributes:
        reason: why the interviewer was asked now, in the control plane's words.
        elapsed_seconds: since the interview began.
        seconds_since_last_user_message: how long the candidate has been silent.
        hint_count: how many hints the candidate has had.
    """

    reason: Annotated[Label | None, HELPS] = None
    elapsed_seconds: Annotated[Seconds | None, HELPS] = None
    seconds_since_last_user_message: Annotated[Seconds | None, HELPS] = None
    hint_count: Annotated[Count | None, HELPS] = None


class InterviewPayload(WithExecution, WithHistory):
    """Payload of an interview job.

    Attributes:
        user_message: what the candidate just said. Absent or blank: the interviewer speaks first, or of
            its own accord.
        hint_count: how many hints the candidate has had.
        recent_hints: the latest 500, the wire contract's limit of turns: a hint is one exchange.
        current_difficulty: the tier of the reply before this one.
        trigger: ``proactive`` where nobody asked, and silence is an answer.
        voice: whether the reply is spoken, where speech is configured.
    """

    problem_description: ProblemText
    current_code: Code
    conversation_history: Conversation
    language: Annotated[Language | None, BLANK_IS_ABSENT] = None
    user_message: Annotated[Speech | None, BLANK_IS_ABSENT] = None
    hint_count: Count | None = None
    recent_hints: Annotated[tuple[RecentHint, ...], latest(500)] = ()
    current_difficulty: Difficulty | None = None
    code_context: Annotated[CodeContext | None, HELPS] = None
    trigger: Trigger | None = None
    interaction_signals: Annotated[InteractionSignals | None, HELPS] = None
    voice: Annotated[bool, Field(strict=True)] = True


class CodeAnnotation(Wire):
    """A remark at a line of the candidate's code, counted from 1."""

    line: Ordinal
    comment: Words


class Audio(Wire):
    """The spoken reply, as an object in the bucket.

    Attributes:
        audio_key: the object's key.
        mime_type: for example ``audio/mpeg``.
        download_url: a presigned URL, good for one hour.
    """

    audio_key: Words
    mime_type: Words
    download_url: Words


class InterviewResult(Result):
    """Result of an interview job: a reply, or (asked of its own accord) a silence.

    A reply has a ``message`` and a ``follow_up_type``. A silence has neither, nor anything else that
    goes with words; only the difficulty and the weakness signals stand.
    """

    should_respond: bool = True
    message: Words | None = None
    follow_up_question: Words | None = None
    follow_up_type: FollowUpType | None = None
    difficulty: Difficulty
    code_annotations: tuple[CodeAnnotation, ...] | None = None
    code_context: CodeContext | None = None
    weakness_signals: WeaknessSignals = ()
    audio: Audio | None = None

    @computed_field  # type: ignore[prop-decorator]  # mypy has no decorated properties; pydantic documents this
    @property
    def audio_url(self) -> str | None:
        """The URL of the spoken reply: the one in ``audio``, for consumers that read only this."""
        return self.audio.download_url if self.audio else None

    @field_validator("code_annotations")
    @classmethod
    def _none_for_nothing(cls, annotations: tuple[CodeAnnotation, ...] | None) -> object:
        return annotations or None

    @model_validator(mode="after")
    def _words_or_silence(self) -> Self:
        if self.should_respond and (self.message is None or self.follow_up_type is None):
            raise PydanticCustomError("wire", "a reply needs a message and a follow-up type")
        words = (self.message, self.follow_up_question, self.follow_up_type, self.code_annotations)
        if not self.should_respond and any((*words, self.code_context, self.audio)):
            raise PydanticCustomError("wire", "a silence has no words")
        return self
