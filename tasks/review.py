"""The review task: scores for a solution, each resting on quotes that stand in the code.

A model's review is checked against the code before anyone sees it. A quote is looked for in its lines,
whatever its white space, then in the rest of the code (its lines are corrected); one that is nowhere makes
the answer invalid, as do suggestions on lines that do not exist, other categories than those asked for, and
a low score without evidence. The overall score is computed, never asked for (:mod:`tasks.scoring`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from aiplane.app import app
from aiplane.code_metrics import measure
from aiplane.contracts import (
    CODE_WEAKNESSES,
    Category,
    Evidence,
    ReviewPayload,
    ReviewResult,
    Severity,
    Suggestion,
)
from aiplane.errors import LLMInvalidResponseError
from aiplane.listing import Listing
from aiplane.llm.answers import ReviewAnswer
from aiplane.llm.cases import ReviewCase
from aiplane.queues import QUEUES
from tasks import exhibits
from tasks.prompting import Exhibit, ask
from tasks.scoring import CATEGORIES, capped, overall_score, speaks_for_itself

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiplane.llm import LLM
    from aiplane.llm.answers import CategoryAnswer, EvidenceAnswer, SuggestionAnswer

_SEVERITIES: tuple[Severity, ...] = get_args(Severity)
_NUMBERING = re.compile(r"^\s*\d{1,2}[.):]\s*")


@app.task(name=QUEUES["review"].task)
def review_code(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Write the review that a job asks for: its payload in, its result out, both as on the wire.

    Raises:
        JobError: one of its leaves.
    """
    return review(ReviewPayload.parse(payload), app.providers.llm).to_wire()


def review(payload: ReviewPayload, llm: LLM) -> ReviewResult:
    """Ask the model for a review, check it against the code, and score it.

    Raises:
        LLMError: the call failed, or the answer failed a check.
    """
    names = payload.rubric or CATEGORIES
    case = ReviewCase(payload, names, measure(payload.code, payload.language))
    answer = ask(llm, "review", ReviewAnswer, case, exhibits=_shown(payload), facts=_facts(case))
    listing = Listing(payload.code)
    pass_share = payload.execution.pass_share if payload.execution else None
    categories = tuple(
        _category(name, given, listing, pass_share)
        for name, given in zip(names, _in_order(answer.categories, names), strict=True)
    )
    return ReviewResult(
        overall_score=overall_score(categories),
        categories=categories,
        suggestions=_suggestions(answer.suggestions, names, listing),
        summary=answer.summary,
        weakness_signals=tuple(name for name in answer.weakness_signals if name in CODE_WEAKNESSES),
    )


def _in_order(given: Sequence[CategoryAnswer], names: Sequence[str]) -> list[CategoryAnswer]:
    """Put the categories that the model wrote into the order of the names; a name may occur twice."""
    left = list(given)
    ordered = []
    for name in names:
        match = next((category for category in left if _key(category.name) == _key(name)), None)
        if match is None:
            raise LLMInvalidResponseError("The model's review lacks a category that was asked for.")
        left.remove(match)
        ordered.append(match)
    if left:
        raise LLMInvalidResponseError("The model's review has a category that was not asked for.")
    return ordered


def _key(name: str) -> str:
    """Reduce a name to what tells it from others: no numbering, no case, no white space or underscores."""
    return "".join(_NUMBERING.sub("", name).casefold().replace("_", " ").split())


def _category(name: str, given: CategoryAnswer, listing: Listing, pass_share: float | None) -> Category:
    evidence = tuple(_evidence(item, listing) for item in given.evidence)
    score = capped(name, given.score, pass_share)
    if score < 10 and not evidence and not speaks_for_itself(name, pass_share):
        raise LLMInvalidResponseError("The model's review has a score below 10 without evidence.")
    return Category(name=name, score=score, feedback=given.feedback, evidence=evidence)


def _evidence(given: EvidenceAnswer, listing: Listing) -> Evidence:
    passage = listing.find(given.quote, given.start_line, given.end_line)
    if passage is None:
        raise LLMInvalidResponseError("The model's review quotes something that is not in the code.")
    return Evidence(
        start_line=passage.start_line,
        end_line=passage.end_line,
        quote=passage.quote,
        observation=given.observation,
    )


def _suggestions(
    given: Sequence[SuggestionAnswer], names: Sequence[str], listing: Listing
) -> tuple[Suggestion, ...]:
    """Check the lines of the suggestions, spell their categories as asked, and put the most severe first."""
    if not all(listing.has(suggestion.start_line, suggestion.end_line) for suggestion in given):
        raise LLMInvalidResponseError("The model's review has a suggestion on lines that do not exist.")
    spelling = {_key(name): name for name in names}
    most_severe_first = sorted(given, key=lambda suggestion: -_SEVERITIES.index(suggestion.severity))
    return tuple(
        Suggestion(
            start_line=suggestion.start_line,
            end_line=suggestion.end_line,
            severity=suggestion.severity,
            category=spelling.get(_key(suggestion.category), suggestion.category),
            message=suggestion.message,
            replacement=suggestion.replacement,
        )
        for suggestion in most_severe_first
    )


def _shown(payload: ReviewPayload) -> list[Exhibit]:
    lines = tuple(f"{number}. {line}" for number, line in enumerate(payload.rubric, start=1))
    return [
        exhibits.problem(payload.problem_description),
        exhibits.code(payload.code),
        exhibits.language(payload.language),
        Exhibit("rubric: the names of the categories", ("\n".join(lines),), rank=7),
        exhibits.weaknesses(payload.historical_weaknesses),
    ]


def _facts(case: ReviewCase) -> list[str]:
    payload = case.payload
    if payload.rubric:
        categories = f"Judge the {len(payload.rubric)} categories of the rubric, in its order."
    else:
        categories = f"Judge these categories, in this order: {', '.join(CATEGORIES)}."
    return [
        *exhibits.measurements(payload.language, case.metrics),
        *exhibits.execution(payload.execution),
        f"The code has {len(Listing(payload.code).lines)} lines.",
        *exhibits.response_language(payload.response_language),
        categories,
    ]
