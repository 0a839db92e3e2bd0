"""Cases: the facts of one job that its prompt was written from, typed, for an answerer that reads no prose.

A task fills one of these into every prompt. Only the offline coach reads it; a model reads the messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from aiplane.coaching.conversation import Mood
    from aiplane.code.metrics import CodeMetrics
    from aiplane.contracts import (
        Difficulty,
        FollowUpType,
        HintPayload,
        InterviewPayload,
        ReviewPayload,
    )

Need: TypeAlias = Literal["start", "syntax", "breaking", "failing", "next_step", "cost", "done"]
"""What kind of help a candidate needs; :mod:`tasks.needs` finds it from facts."""


@dataclass(frozen=True, slots=True)
class HintCase:
    """A hint to write.

    Attributes:
        metrics: of the code so far; ``None`` where it was not measured.
        need: the kind of help that the facts call for.
        syntax_errors: the lines where a parser stumbles, unless a run has shown that the code is read.
    """

    payload: HintPayload = field(repr=False)
    metrics: CodeMetrics | None = field(repr=False)
    need: Need
    syntax_errors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """A review to write.

    Attributes:
        categories: the names to score, in order: the usual four, or the job's own rubric.
        metrics: of the code; ``None`` where it was not measured.
        lines_shown: the lines that are reviewed, as ranges in order: of very long code not all.
        syntax_errors: the lines where a parser stumbles, unless a run has shown that the code is read.
    """

    payload: ReviewPayload = field(repr=False)
    categories: tuple[str, ...]
    metrics: CodeMetrics | None = field(repr=False)
    lines_shown: tuple[range, ...]
    syntax_errors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class InterviewCase:
    """An interviewer's reply to write.

    Attributes:
        difficulty: the tier of the reply, decided by rule.
        follow_up_types: what the reply may be, by the same rule; the first is the usual one.
        metrics: of the code so far; ``None`` where it was not measured.
        mood: what the candidate's latest words call for.
        most_words: how long the reply may be.
    """

    payload: InterviewPayload = field(repr=False)
    difficulty: Difficulty
    follow_up_types: tuple[FollowUpType, ...]
    metrics: CodeMetrics | None = field(repr=False)
    mood: Mood | None
    most_words: int
