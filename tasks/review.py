"""The review task: scores for a solution, each resting on quotes that stand in the code.

A model's review is checked against the code before anyone sees it. A quote is looked for in its lines,
whatever its white space, then in the rest of the code (its lines are corrected); the categories are held
against the code and the tests (:mod:`tasks.judging`), and suggestions on lines that do not exist are dropped.
The overall score is computed, never asked for (:mod:`tasks.scoring`).

A replacement that brings a parser more to object to than it had before is dropped; the suggestion stays. Of
code that is too long for the prompt the summary says which lines were read, and suggestions stand on those
only.
"""

from __future__ import annotations

import logging
import textwrap
from typing import TYPE_CHECKING, Any, get_args

from aiplane.celery import app
from aiplane.coaching.answers import ReviewAnswer
from aiplane.coaching.cases import ReviewCase
from aiplane.code.listing import Listing
from aiplane.code.metrics import METERS, measuring
from aiplane.code.syntax import CHECKERS, still_parses, syntax_errors
from aiplane.contracts import (
    ReviewPayload,
    ReviewResult,
    Severity,
    Suggestion,
)
from aiplane.queues import QUEUES
from aiplane.text.plain import plain_text
from tasks import exhibits
from tasks.asking import Question, ask
from tasks.claims import check_claims
from tasks.earlier_sessions import check_mentions
from tasks.faults import Checked, Fault, checked, must, should
from tasks.in_language import in_language
from tasks.judging import Judge
from tasks.known import Known
from tasks.manners import check_manners
from tasks.named_lines import check_lines_named
from tasks.obeyed import check_obeyed
from tasks.overall import without_overall
from tasks.praise import check_praise
from tasks.prompting import session_of
from tasks.rewritten import check_rewritten, is_rewrite
from tasks.right_language import check_language, expected_language
from tasks.rubric import is_correctness, key, label
from tasks.runs_told import check_runs
from tasks.scoring import CATEGORIES, all_pass, overall_score
from tasks.sections import Exhibit, lay_out
from tasks.unseen import check_unseen
from tasks.weaknesses import proven_in_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.coaching.answers import CategoryAnswer, SuggestionAnswer
    from aiplane.providers.llm import LLM

_SEVERITIES: tuple[Severity, ...] = get_args(Severity)

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
        check=lambda answer: _checked(answer, case, expected_language(payload.response_language, llm)),
        session=session_of(payload, "review"),
    )
    return ask(llm, question)


def _checked(answer: ReviewAnswer, case: ReviewCase, tag: str | None) -> Checked[ReviewResult]:
    payload, listing = case.payload, Listing(case.payload.code)
    judge = Judge(payload, case.categories, listing)
    categories, faults = judge.judge(answer.categories)
    if categories is None:
        return checked(None, faults)
    suggestions = _suggestions(answer.suggestions, case, listing)
    summary = without_overall(answer.summary, Known(payload.code, payload.problem_description).words)
    if not summary:
        faults.append(must("summary", "tells an overall score and nothing else", "Say what matters most."))
        return checked(None, faults)
    run = payload.execution
    result = ReviewResult(
        overall_score=overall_score(
            categories, rubric=bool(payload.rubric), pass_share=run.pass_share if run else None
        ),
        categories=categories,
        suggestions=suggestions,
        summary=summary + _lines_read(case, listing),
        weakness_signals=tuple(proven_in_code(answer.weakness_signals, listing, categories, suggestions)),
    )
    return checked(result, [*faults, *_faults(result, answer.categories, judge, tag, summary)])


def _faults(
    result: ReviewResult, given: Sequence[CategoryAnswer], judge: Judge, tag: str | None, summary: str
) -> Iterator[Fault]:
    """Check the texts of a review, and that no suggestion says that code is wrong which passes all tests."""
    feedback = {judge.place(at): each.feedback for at, each in enumerate(result.categories)}
    messages = {f"suggestion {at}": each.message for at, each in enumerate(result.suggestions, start=1)}
    each_text = {"summary": summary, **feedback, **messages}
    for place, text in each_text.items():
        yield from check_lines_named(place, text, len(judge.listing.lines))
    judged = [each.feedback for each in result.categories if each.judged is not False]
    shown = {
        **each_text,
        **{
            f"{judge.place(at)}, evidence": "\n".join(item.observation for item in each.evidence)
            for at, each in enumerate(result.categories)
        },
    }
    texts = {"summary": summary, "feedback": "\n".join(judged), "suggestions": "\n".join(messages.values())}
    yield from check_language(texts, tag)
    yield from check_manners(shown)
    yield from check_praise(shown, judge.payload.execution)
    yield from check_runs(shown, judge.payload.execution)
    yield from check_unseen(shown)
    yield from check_rewritten(shown)
    yield from check_mentions(shown, topic=f"{judge.payload.problem_description}\n{judge.payload.code}")
    yield from check_claims(
        each_text, judge.payload.problem_description, judge.payload.code, judge.payload.execution
    )
    yield from check_obeyed(each_text, given, judge.payload.code, all_pass=all_pass(judge.payload.execution))
    if not all_pass(judge.payload.execution):
        return
    for place, each in zip(messages, result.suggestions, strict=True):
        if is_correctness(each.category) and each.severity in ("critical", "major"):
            yield should(
                place,
                f"calls a fault of correctness {each.severity} although all of many tests pass",
                "Leave it out, or say which input breaks the code and call it minor.",
            )


def _lines_read(case: ReviewCase, listing: Listing) -> str:
    """Say which lines were read, where they are not all of them."""
    if sum(map(len, case.lines_shown)) >= len(listing.lines):
        return ""
    ranges = ", ".join(f"{lines.start}-{lines.stop - 1}" for lines in case.lines_shown) or "0"
    words = in_language(case.payload.response_language, _LINES_READ)
    return f"\n\n{words}: {ranges} / {len(listing.lines)}."


def _suggestions(
    given: Sequence[SuggestionAnswer], case: ReviewCase, listing: Listing
) -> tuple[Suggestion, ...]:
    """Keep the suggestions on lines that were shown, spell their categories as asked, most severe first.

    One that ends behind the last line ends there; one that begins behind it, or on lines that were left out
    of the prompt, is about nothing and is dropped.
    """
    spelling = {spelled(name): name for name in case.categories for spelled in (_label_key, key)}
    last = len(listing.lines)
    there = [
        (suggestion, max(suggestion.start_line, min(suggestion.end_line, last)))
        for suggestion in given
        if suggestion.start_line <= last and _was_read(suggestion, last, case)
    ]
    most_severe_first = sorted(there, key=lambda each: -_SEVERITIES.index(each[0].severity))
    return tuple(
        Suggestion(
            start_line=suggestion.start_line,
            end_line=end_line,
            severity=suggestion.severity,
            category=spelling.get(key(suggestion.category))
            or spelling.get(_label_key(suggestion.category))
            or plain_text(suggestion.category)
            or case.categories[0],
            message=suggestion.message,
            replacement=_replacement(suggestion, end_line, case, listing),
        )
        for suggestion, end_line in most_severe_first[:MOST_SUGGESTIONS]
    )


def _label_key(name: str) -> str:
    return key(label(name))


def _was_read(suggestion: SuggestionAnswer, last: int, case: ReviewCase) -> bool:
    ends = (suggestion.start_line, min(suggestion.end_line, last))
    return any(all(line in lines for line in ends) for lines in case.lines_shown)


def _replacement(
    suggestion: SuggestionAnswer, end_line: int, case: ReviewCase, listing: Listing
) -> str | None:
    """Return the replacement, indented as the lines that it replaces.

    One that would break the code is left out, and so is one that stands for nearly all of it.
    """
    if suggestion.replacement is None or is_rewrite(listing.lines, suggestion.start_line, end_line):
        return None
    first = listing.lines[suggestion.start_line - 1]
    replacement = _indented(suggestion.replacement, first[: len(first) - len(first.lstrip())])
    parses = still_parses(
        listing.lines,
        case.payload.language,
        start_line=suggestion.start_line,
        end_line=end_line,
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
