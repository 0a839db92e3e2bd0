"""The wire contract as typed, frozen objects: one file a kind. Nothing else parses a payload."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.contracts.hint import HintPayload, HintResult, HintStage, PreviousHint
from aiplane.contracts.interview import (
    Audio,
    CodeAnnotation,
    CodeContext,
    InteractionSignals,
    InterviewPayload,
    InterviewResult,
    RecentHint,
    Trigger,
)
from aiplane.contracts.review import (
    Category,
    Evidence,
    Lines,
    ReviewPayload,
    ReviewResult,
    Severity,
    Suggestion,
)
from aiplane.contracts.scalars import MAX_SAFE_INTEGER, clean, epoch_ms
from aiplane.contracts.shared import (
    CODE_WEAKNESSES,
    CONVERSATION_WEAKNESSES,
    KNOWN_LANGUAGES,
    WEAKNESSES,
    CodeWeakness,
    ConversationWeakness,
    Difficulty,
    ExecutionSummary,
    FollowUpType,
    HintLevel,
    HistoricalWeakness,
    KnownLanguage,
    Role,
    RunStatus,
    Turn,
    Weakness,
)
from aiplane.contracts.transcribe import TranscribePayload, TranscribeResult
from aiplane.contracts.wire import Payload, Result, RoomMode, Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.queues import Kind

PAYLOADS: Mapping[Kind, type[Payload]] = MappingProxyType(
    {
        "interview": InterviewPayload,
        "hint": HintPayload,
        "review": ReviewPayload,
        "transcribe": TranscribePayload,
    }
)
"""What the data of each kind of job is parsed into."""

__all__ = [
    "CODE_WEAKNESSES",
    "CONVERSATION_WEAKNESSES",
    "KNOWN_LANGUAGES",
    "MAX_SAFE_INTEGER",
    "PAYLOADS",
    "WEAKNESSES",
    "Audio",
    "Category",
    "CodeAnnotation",
    "CodeContext",
    "CodeWeakness",
    "ConversationWeakness",
    "Difficulty",
    "Evidence",
    "ExecutionSummary",
    "FollowUpType",
    "HintLevel",
    "HintPayload",
    "HintResult",
    "HintStage",
    "HistoricalWeakness",
    "InteractionSignals",
    "InterviewPayload",
    "InterviewResult",
    "KnownLanguage",
    "Lines",
    "Payload",
    "PreviousHint",
    "RecentHint",
    "Result",
    "ReviewPayload",
    "ReviewResult",
    "Role",
    "RoomMode",
    "RunStatus",
    "Severity",
    "Suggestion",
    "TranscribePayload",
    "TranscribeResult",
    "Trigger",
    "Turn",
    "Weakness",
    "Wire",
    "clean",
    "epoch_ms",
]
