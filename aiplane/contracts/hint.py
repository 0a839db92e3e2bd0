"""The hint job: a nudge for a candidate who is stuck."""

from __future__ import annotations

from typing import Annotated, Literal

from aiplane.contracts.scalars import (
    HELPS,
    Code,
    Language,
    Ordinal,
    ProblemText,
    Said,
    Words,
    latest,
)
from aiplane.contracts.shared import (
    Conversation,
    HintLevel,
    PastHint,
    WithExecution,
    WithHistory,
)
from aiplane.contracts.wire import Result

HintStage = Literal["initial", "follow_up"]


class PreviousHint(PastHint):
    """A hint that was given for this problem, and how much it was allowed to say."""

    hint_level: Annotated[HintLevel | None, HELPS] = None


class HintPayload(WithExecution, WithHistory):
    """Payload of a hint job.

    Attributes:
        hint_level: how much the hint may say.
        previous_hints: the latest 500, the wire contract's limit of turns: a hint is one exchange.
        previous_hint: the latest hint, from producers that send only that; see :attr:`hints_so_far`.
        hint_iteration: which hint for this problem this is, from 1.
        reflection_response: what the candidate answered to the latest hint's reflection prompt.
    """

    problem_description: ProblemText
    current_code: Code
    language: Language
    hint_level: HintLevel
    conversation_history: Conversation = ()
    previous_hints: Annotated[tuple[PreviousHint, ...], latest(500)] = ()
    previous_hint: Annotated[Said | None, HELPS] = None
    hint_stage: HintStage | None = None
    hint_iteration: Ordinal | None = None
    reflection_response: Annotated[Said | None, HELPS] = None

    @property
    def hints_so_far(self) -> tuple[PreviousHint, ...]:
        """Every hint that is known to have been given, oldest first, each once; blank ones left out."""
        latest = () if self.previous_hint is None else (PreviousHint(hint=self.previous_hint),)
        known: dict[str, PreviousHint] = {}
        for past in (*self.previous_hints, *latest):
            if past.hint.strip():
                known.setdefault(past.hint, past)
        return tuple(known.values())


class HintResult(Result):
    """Result of a hint job.

    Attributes:
        hint: the hint itself.
        hint_level: the level that was asked for.
        suggested_approach: the strategy behind the hint, where it helps to name it.
        related_concepts: what to read up on, possibly nothing.
        reflection_prompt: a question for the candidate to think about.
    """

    hint: Words
    hint_level: HintLevel
    suggested_approach: Words | None = None
    related_concepts: tuple[Words, ...] = ()
    reflection_prompt: Words | None = None
