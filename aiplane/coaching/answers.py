"""The shapes that a model must write, one a kind. What it wrote is checked further by the tasks.

Each description reaches the model with the schema. A shape forgives what costs nothing to mend (blanks
around a text, an unknown weakness, one concept too many, ``null`` for an empty list, half a point);
everything else is an invalid answer. Prose is plain text from here on (:mod:`aiplane.text.plain`).
"""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from aiplane.contracts import (
    WEAKNESSES,
    FollowUpType,
    Severity,
    Weakness,
    clean,
)
from aiplane.text.plain import plain_code, plain_text

MAX_CONCEPTS = 5

_SEVERITIES = {
    **dict.fromkeys(("blocker", "error", "fatal"), "critical"),
    **dict.fromkeys(("high", "serious"), "major"),
    **dict.fromkeys(("medium", "moderate", "warning", "low"), "minor"),
    **dict.fromkeys(("nit", "note", "hint", "suggestion", "style"), "info"),
}

LONGEST_THOUGHT = 2_000
"""Characters that are kept of each private thought."""


def _tidy(value: Any) -> Any:
    return plain_text(clean(value)).strip() if isinstance(value, str) else value


def _stripped(value: Any) -> Any:
    return clean(value).strip() if isinstance(value, str) else value


def _quoted(value: Any) -> Any:
    return plain_code(clean(value)).strip() if isinstance(value, str) else value


def _tidy_or_none(value: Any) -> Any:
    return _tidy(value) or None


def _without_blank_ends(value: Any) -> Any:
    return plain_code(clean(value)).strip("\r\n").rstrip() or None if isinstance(value, str) else value


def _none_is_empty(value: Any) -> Any:
    return [] if value is None else value


def _none_is_true(value: Any) -> Any:
    return True if value is None else value


def _severity(value: Any) -> Any:
    """Read the words that linters have for the same."""
    word = value.strip().lower() if isinstance(value, str) else value
    return _SEVERITIES.get(word, word) if isinstance(word, str) else word


def _known_type(value: Any) -> Any:
    """Read a type that there is none of as none: the task chooses the usual one then."""
    word = value.strip().lower() if isinstance(value, str) else value
    return word if word in get_args(FollowUpType) else None


def _whole(value: Any) -> Any:
    """Round half a point: whoever gives 7.5 means one of two."""
    return int(value) if isinstance(value, float) and 0 <= value <= 10 else value


def _line(value: Any) -> Any:
    """Read a line that nobody named as the first: quotes are looked for in all of the code anyway."""
    return 1 if value is None or value == 0 else value


def _thought(value: Any) -> Any:
    return clean(value).strip()[:LONGEST_THOUGHT] if isinstance(value, str) else ""


def _known_weaknesses(value: Any) -> Any:
    if not isinstance(value, list):
        return _none_is_empty(value)
    return [
        signal for signal in value if not isinstance(signal, dict) or signal.get("weakness") in WEAKNESSES
    ]


def _few_concepts(concepts: list[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, concepts)))[:MAX_CONCEPTS]


Prose = Annotated[str, Field(min_length=1, max_length=4_000), BeforeValidator(_tidy)]
Name = Annotated[str, Field(min_length=1, max_length=4_000), BeforeValidator(_stripped)]
"""Somebody else's, given back: it is compared, and its owner's spelling is what is shown."""

OptionalProse = Annotated[str | None, Field(max_length=4_000), BeforeValidator(_tidy_or_none)]
OptionalCode = Annotated[str | None, Field(max_length=4_000), BeforeValidator(_without_blank_ends)]
Thought = Annotated[str, BeforeValidator(_thought)]
Quote = Annotated[str, Field(min_length=1, max_length=4_000), BeforeValidator(_quoted)]
Line = Annotated[int, Field(ge=1), BeforeValidator(_line)]
Concept = Annotated[str, Field(max_length=100), BeforeValidator(_tidy)]
OptionalLine = Annotated[int | None, BeforeValidator(lambda line: line or None)]


class Answer(BaseModel):
    """One JSON object that a model writes."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, hide_input_in_errors=True
    )


class DiagnosisAnswer(Answer):
    """Room to think before the words that are shown. Nobody is shown it; the checks read ``keep_back``."""

    fault: Thought = Field("", description="What is wrong or missing in the work, in a sentence or two.")
    next_step: Thought = Field("", description="The one step that the candidate is to take next.")
    keep_back: Thought = Field(
        "",
        description="The idea that would give the solution away, in a few words: the candidate is to find "
        "it, so none of the fields after this one may tell it.",
    )


def _any_diagnosis(value: Any) -> Any:
    """Read thoughts of another form too: no answer is refused for what nobody is shown."""
    if isinstance(value, str):
        return {"fault": value}
    return value if isinstance(value, dict | DiagnosisAnswer) else {}


Diagnosis = Annotated[DiagnosisAnswer, BeforeValidator(_any_diagnosis)]


class CodeSignalAnswer(Answer):
    """A weakness that code shows, and where."""

    weakness: Weakness
    quote: Quote = Field(description="Copied from the code exactly: the lines that show it.")
    start_line: Line
    end_line: Line


class SignalAnswer(Answer):
    """A weakness that an interview shows, and where: in lines of the code, or in a turn."""

    weakness: Weakness
    quote: Quote = Field(description="Copied exactly from those lines, or from that turn.")
    start_line: OptionalLine = Field(None, description="The first line that shows it; null for a turn.")
    end_line: OptionalLine = Field(None, description="The last line that shows it; null for a turn.")
    turn: OptionalLine = Field(None, description="The number of the turn that shows it; null for code.")


CodeSignals = Annotated[list[CodeSignalAnswer], BeforeValidator(_known_weaknesses)]
Signals = Annotated[list[SignalAnswer], BeforeValidator(_known_weaknesses)]
"""Unknown names are dropped; which of the known ones may be said of this job, the task decides."""


class HintAnswer(Answer):
    """A hint."""

    diagnosis: Diagnosis = Field(default_factory=DiagnosisAnswer, description="Yours alone; never shown.")
    hint: Prose = Field(description="The hint itself, at the level that was asked for.")
    suggested_approach: OptionalProse = Field(
        None, description="The strategy behind the hint in one sentence; null where naming it says too much."
    )
    related_concepts: Annotated[
        list[Concept], BeforeValidator(_none_is_empty), AfterValidator(_few_concepts)
    ] = Field(description="1 to 5 concepts to read up on, a few words each.")
    reflection_prompt: OptionalProse = Field(
        None, description="One question that makes the candidate think about the next step."
    )


class EvidenceAnswer(Answer):
    """What a score rests on."""

    quote: Quote = Field(description="Copied from the code exactly, without the line numbers.")
    start_line: Line
    end_line: Line
    observation: Prose = Field(description="What the quoted lines show.")


class CategoryAnswer(Answer):
    """One thing that is judged."""

    name: Name = Field(description="The category's name, exactly as it was given.")
    evidence: Annotated[list[EvidenceAnswer], BeforeValidator(_none_is_empty)] = Field(default_factory=list)
    judged: Annotated[bool, BeforeValidator(_none_is_true)] = Field(
        True,
        description="False only for a line of the rubric that no code can show, such as how somebody spoke.",
    )
    feedback: Prose
    score: Annotated[int, Field(ge=0, le=10), BeforeValidator(_whole)]


class SuggestionAnswer(Answer):
    """One thing to change."""

    start_line: Line
    end_line: Line
    severity: Annotated[Severity, BeforeValidator(_severity)]
    category: Name = Field(description="The name of the category that it belongs to.")
    message: Prose
    replacement: OptionalCode = Field(
        None, description="The lines that could stand there instead, with their indentation; null for none."
    )


class ReviewAnswer(Answer):
    """A review. There is no overall score: it is computed."""

    categories: list[CategoryAnswer]
    suggestions: Annotated[list[SuggestionAnswer], BeforeValidator(_none_is_empty)] = Field(
        default_factory=list
    )
    summary: Prose
    weakness_signals: CodeSignals = Field(default_factory=list)


class AnnotationAnswer(Answer):
    """A remark at a line of the code."""

    line: Line
    comment: Prose


class InterviewAnswer(Answer):
    """An interviewer's reply, or a silence."""

    diagnosis: Diagnosis = Field(default_factory=DiagnosisAnswer, description="Yours alone; never shown.")
    should_respond: bool = Field(description="False only where nobody asked and silence is better.")
    message: OptionalProse = Field(None, description="What to say; null for a silence.")
    follow_up_type: Annotated[FollowUpType | None, BeforeValidator(_known_type)] = Field(
        None, description="One of the allowed types; null for a silence."
    )
    follow_up_question: OptionalProse = Field(
        None, description="One open question; null where none is needed."
    )
    code_annotations: Annotated[list[AnnotationAnswer], BeforeValidator(_none_is_empty)] = Field(
        default_factory=list, description="Remarks at lines that exist; often none."
    )
    weakness_signals: Signals = Field(default_factory=list)
