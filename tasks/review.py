"""The review task: scores for a solution, each resting on quotes that stand in the code.

A model's review is checked against the code before anyone sees it. A quote is looked for in its lines,
whatever its white space, then in the rest of the code (its lines are corrected); one that is nowhere makes
the answer invalid, as do suggestions on lines that do not exist, other categories than those asked for, and
a low score without evidence. The overall score is computed, never asked for (:mod:`tasks.scoring`).

A replacement that brings a parser more to object to than it had before is dropped; the suggestion stays. Of
code that is too long for the prompt the summary says which lines were read, and suggestions stand on those
only.
"""

from __future__ import annotations

import logging
import re
import textwrap
from typing import TYPE_CHECKING, Any, get_args

from aiplane.app import app
from aiplane.code_metrics import METERS, measuring
from aiplane.contracts import (
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
from aiplane.syntax import CHECKERS, still_parses, syntax_errors
from tasks import exhibits
from tasks.asking import Question, ask
from tasks.prompting import Exhibit, lay_out, session_of
from tasks.scoring import CATEGORIES, NOT_JUDGED, capped, overall_score, speaks_for_itself
from tasks.teaching import check_lines_named
from tasks.weaknesses import proven_in_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiplane.contracts import ExecutionSummary
    from aiplane.llm import LLM
    from aiplane.llm.answers import CategoryAnswer, EvidenceAnswer, SuggestionAnswer

_SEVERITIES: tuple[Severity, ...] = get_args(Severity)
_NUMBERING = re.compile(r"^\s*\d{1,2}[.):]\s*")

log = logging.getLogger(__name__)

MOST_SUGGESTIONS = 10
"""So many, the most severe ones: a candidate reads no more, and each replacement is parsed."""

_LINES_READ = {
    "en": "Lines read",
    "de": "Gelesene Zeilen",
    "es": "Líneas leídas",
    "fr": "Lignes lues",
    "it": "Righe lette",
    "ja": "確認した行",
    "pt": "Linhas lidas",
    "ru": "Прочитанные строки",
    "zh": "已审阅的行",
}
"""What stands before the lines that were read of long code."""


@app.task(name=QUEUES["review"].task, programs=[METERS, CHECKERS])
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
    with measuring(payload.code, payload.language) as measured:
        errors = () if payload.code_was_read else syntax_errors(payload.code, payload.language) or ()
        sheet = lay_out(_shown(payload))
        metrics = measured()
    case = ReviewCase(
        payload,
        payload.rubric or CATEGORIES,
        metrics,
        lines_shown=sheet.lines_shown,
        syntax_errors=errors,
    )
    question = Question(
        kind="review",
        shape=ReviewAnswer,
        case=case,
        sheet=sheet,
        facts=_facts(case),
        check=lambda answer: _checked(answer, case),
        session=session_of(payload, "review"),
    )
    return ask(llm, question)


def _checked(answer: ReviewAnswer, case: ReviewCase) -> ReviewResult:
    payload, names, listing = case.payload, case.categories, Listing(case.payload.code)
    categories = tuple(
        _category(name, given, listing, payload.execution)
        for name, given in zip(names, _in_order(answer.categories, names), strict=True)
    )
    suggestions = _suggestions(answer.suggestions, case, listing)
    texts = (answer.summary, *(each.feedback for each in categories), *(each.message for each in suggestions))
    check_lines_named(texts, len(listing.lines))
    return ReviewResult(
        overall_score=overall_score(categories, rubric=bool(payload.rubric)),
        categories=categories,
        suggestions=suggestions,
        summary=answer.summary + _lines_read(case, listing),
        weakness_signals=tuple(proven_in_code(answer.weakness_signals, listing)),
    )


def _lines_read(case: ReviewCase, listing: Listing) -> str:
    """Say which lines were read, where they are not all of them."""
    if sum(map(len, case.lines_shown)) >= len(listing.lines):
        return ""
    ranges = ", ".join(f"{lines.start}-{lines.stop - 1}" for lines in case.lines_shown) or "0"
    words = exhibits.in_language(case.payload.response_language, _LINES_READ)
    return f"\n\n{words}: {ranges} / {len(listing.lines)}."


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


def _category(name: str, given: CategoryAnswer, listing: Listing, run: ExecutionSummary | None) -> Category:
    if not given.judged and not given.evidence:
        return Category(name=name, score=NOT_JUDGED, judged=False, feedback=given.feedback)
    evidence = tuple(_evidence(item, listing) for item in given.evidence)
    score = capped(name, given.score, run.pass_share if run else None)
    tests_fail = run is not None and run.fails
    if score < 10 and not evidence and not speaks_for_itself(name, tests_fail=tests_fail):
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
    given: Sequence[SuggestionAnswer], case: ReviewCase, listing: Listing
) -> tuple[Suggestion, ...]:
    """Check the lines of the suggestions, spell their categories as asked, and put the most severe first."""
    if not all(listing.has(suggestion.start_line, suggestion.end_line) for suggestion in given):
        raise LLMInvalidResponseError("The model's review has a suggestion on lines that do not exist.")
    if not all(_was_read(suggestion, case) for suggestion in given):
        raise LLMInvalidResponseError("The model's review has a suggestion on lines that it was not shown.")
    spelling = {_key(name): name for name in case.categories}
    most_severe_first = sorted(given, key=lambda suggestion: -_SEVERITIES.index(suggestion.severity))
    return tuple(
        Suggestion(
            start_line=suggestion.start_line,
            end_line=suggestion.end_line,
            severity=suggestion.severity,
            category=spelling.get(_key(suggestion.category), suggestion.category),
            message=suggestion.message,
            replacement=_replacement(suggestion, case, listing),
        )
        for suggestion in most_severe_first[:MOST_SUGGESTIONS]
    )


def _was_read(suggestion: SuggestionAnswer, case: ReviewCase) -> bool:
    return any(suggestion.start_line in lines and suggestion.end_line in lines for lines in case.lines_shown)


def _replacement(suggestion: SuggestionAnswer, case: ReviewCase, listing: Listing) -> str | None:
    """Return the replacement, indented as the lines that it replaces, unless it would break the code."""
    if suggestion.replacement is None:
        return None
    first = listing.lines[suggestion.start_line - 1]
    replacement = _indented(suggestion.replacement, first[: len(first) - len(first.lstrip())])
    parses = still_parses(
        listing.lines,
        case.payload.language,
        start_line=suggestion.start_line,
        end_line=suggestion.end_line,
        replacement=replacement,
    )
    if not parses:
        log.debug("a replacement that does not parse was dropped from a review")
    return replacement if parses else None


def _indented(replacement: str, indent: str) -> str:
    """Indent a replacement that a model wrote at the margin."""
    return replacement if replacement[:1].isspace() else textwrap.indent(replacement, indent)


def _shown(payload: ReviewPayload) -> list[Exhibit]:
    return [
        exhibits.problem(payload.problem_description),
        exhibits.rubric(payload.rubric),
        exhibits.language(payload.language),
        exhibits.weaknesses(payload.historical_weaknesses),
        exhibits.code(payload.code),
    ]


def _facts(case: ReviewCase) -> list[str]:
    payload = case.payload
    if payload.rubric:
        categories = (
            f"Judge the {len(payload.rubric)} lines of the rubric as categories, in its order; name each as "
            "it stands there, without its number."
        )
    else:
        categories = f"Judge these categories, in this order: {', '.join(CATEGORIES)}."
    return [
        *exhibits.measurements(payload.language, case.metrics, payload.code),
        *exhibits.syntax(case.syntax_errors, was_read=payload.code_was_read),
        *exhibits.execution(payload.execution),
        *exhibits.response_language(payload.response_language),
        categories,
    ]
