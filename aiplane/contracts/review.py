"""The review job: scores for a solution, and what stands behind each of them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, FailFast, Field, model_validator
from pydantic_core import PydanticCustomError

from aiplane.contracts.scalars import (
    NOT_BLANK,
    Code,
    Language,
    Ordinal,
    ProblemText,
    RubricLine,
    Score,
    Text,
    Words,
)
from aiplane.contracts.shared import CodeWeaknessSignals, WithExecution, WithHistory
from aiplane.contracts.wire import Result, Wire

Severity = Literal["info", "minor", "major", "critical"]


def _without_blank_lines(rubric: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(line.strip() for line in rubric if line.strip())


class ReviewPayload(WithExecution, WithHistory):
    """Payload of a review job.

    Attributes:
        code: what is reviewed. Unlike a hint's or an interview's it may not be empty: there would be no
            line to speak of.
        rubric: the categories to score, in their order: at most 50 lines of 500 characters (the wire
            contract), blank ones left out. Empty: the usual four.
    """

    problem_description: ProblemText
    code: Annotated[Code, NOT_BLANK]
    language: Language
    rubric: Annotated[
        tuple[RubricLine, ...], Field(max_length=50), FailFast(), AfterValidator(_without_blank_lines)
    ] = ()


class Lines(Wire):
    """A range of lines of the code that was sent, counted from 1, both ends included."""

    start_line: Ordinal
    end_line: Ordinal

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end_line < self.start_line:
            raise PydanticCustomError("wire", "endLine is before startLine")
        return self


class Evidence(Lines):
    """Evidence of a score: lines, what stands in them, and what that shows."""

    quote: Text
    observation: Words


class Category(Wire):
    """One thing that was judged, with its score from 0 to 10.

    Attributes:
        judged: ``False`` where no code can show it, or nothing was shown for it: then the score is 5, counts
            for nothing, and the feedback says so. Left out where it was judged.
    """

    name: Words
    score: Score
    judged: Literal[False] | None = None
    feedback: Words
    evidence: tuple[Evidence, ...] = ()


class Suggestion(Lines):
    """One thing to change, and where."""

    severity: Severity
    category: Words
    message: Words
    replacement: Text | None = None


class ReviewResult(Result):
    """Result of a review job. A review sees code only, and so do its weakness signals."""

    overall_score: Score
    categories: tuple[Category, ...]
    suggestions: tuple[Suggestion, ...] = ()
    summary: Words
    weakness_signals: CodeWeaknessSignals = ()
