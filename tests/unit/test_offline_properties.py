"""The offline coach: whatever the payload, its answers pass every check that a model's must pass."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiplane.code_metrics import EXTENSIONS, CodeMetrics, FunctionMetrics
from aiplane.contracts import (
    CODE_WEAKNESSES,
    WEAKNESSES,
    HintPayload,
    InterviewPayload,
    ReviewPayload,
)
from aiplane.llm.offline import OfflineCoach
from tasks import hint, interview, review
from tasks.scoring import CATEGORIES, overall_score

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

COACH = OfflineCoach()

LINES = (
    "def f(a, b):",
    "    for x in a:",
    "        for y in b:",
    "            if x == y: return x",
    "for (int i = 0; i <= a.length; i++) {",
    "  while (true) { a.indexOf(x); }",
    "int n = Integer.parseInt(s);",
    "q = 1",
    "  z = a[:]",
    "raise NotImplementedError",
    "}",
    "",
    "\t// comment",
    "'''",
    "\u2028x = '\N{PILE OF POO}",
    "const f = (a) => {",
    "fn main() {",
)
TEXT = st.text(max_size=60)
WORDS = st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip()))
CODE = st.lists(st.sampled_from(LINES), max_size=30).map("\n".join) | st.text(max_size=200)
RUN = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["pending", "running", "completed", "failed"]),
        "passedTestCases": st.integers(0, 12),
        "totalTestCases": st.integers(0, 12),
        "allTestsPassed": st.booleans(),
    },
)
TURN = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system"]), "content": TEXT | st.just("I don't know")},
    optional={"timestamp": st.integers(0, 10**12)},
)
WEAKNESS = st.fixed_dictionaries({"category": st.sampled_from(WEAKNESSES) | WORDS})
FUNCTION = st.builds(
    FunctionMetrics,
    name=TEXT,
    start_line=st.integers(0, 40),
    end_line=st.integers(0, 40),
    length=st.integers(0, 80),
    parameters=st.integers(0, 9),
    complexity=st.integers(1, 40),
    nesting=st.integers(0, 9),
)
METRICS = st.none() | st.builds(
    CodeMetrics,
    code_lines=st.integers(0, 40),
    functions=st.lists(FUNCTION, min_size=1, max_size=4).map(tuple),
)
SHARED = {
    "problemDescription": WORDS | st.sampled_from(["two numbers", "a tree of nodes", "a substring"]),
    "language": st.sampled_from([*EXTENSIONS, "cobol"]),
}
OPTIONAL = {"executionResult": RUN, "historicalWeaknesses": st.lists(WEAKNESS, max_size=4)}

HINTS = st.fixed_dictionaries(
    {**SHARED, "currentCode": CODE, "hintLevel": st.sampled_from(["gentle", "subtle", "moderate", "direct"])},
    optional={**OPTIONAL, "previousHints": st.lists(TEXT, max_size=4), "reflectionResponse": TEXT},
)
REVIEWS = st.fixed_dictionaries(
    {**SHARED, "code": CODE.filter(lambda code: bool(code.strip()))},
    optional={**OPTIONAL, "rubric": st.lists(TEXT, max_size=6)},
)
INTERVIEWS = st.fixed_dictionaries(
    {**SHARED, "currentCode": CODE, "conversationHistory": st.lists(TURN, max_size=8)},
    optional={
        **OPTIONAL,
        "userMessage": TEXT,
        "hintCount": st.integers(0, 9),
        "currentDifficulty": st.sampled_from(["easy", "medium", "hard"]),
        "trigger": st.sampled_from(["user_message", "proactive"]),
        "interactionSignals": st.fixed_dictionaries({"secondsSinceLastUserMessage": st.floats(0, 900)}),
    },
)

often = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@contextmanager
def measuring(task: ModuleType, metrics: CodeMetrics | None) -> Iterator[None]:
    """Let a task measure what the test says: the real meter is a process, too slow for so many examples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task, "measure", lambda *_: metrics)
        yield


@often
@given(payload=HINTS, metrics=METRICS)
def test_a_hint_passes_every_check(payload: dict[str, Any], metrics: CodeMetrics | None) -> None:
    parsed = HintPayload.parse(payload)

    with measuring(hint, metrics):
        result, again = (hint.write_hint(parsed, COACH) for _ in range(2))

    assert result == again
    assert result.hint_level == parsed.hint_level
    assert 1 <= len(result.related_concepts) <= 5
    assert result.reflection_prompt


@often
@given(payload=REVIEWS, metrics=METRICS)
def test_a_review_passes_every_check(payload: dict[str, Any], metrics: CodeMetrics | None) -> None:
    parsed = ReviewPayload.parse(payload)

    with measuring(review, metrics):
        result, again = (review.review(parsed, COACH) for _ in range(2))

    assert result == again
    assert [category.name for category in result.categories] == list(parsed.rubric or CATEGORIES)
    assert result.overall_score == overall_score(result.categories)
    assert set(result.weakness_signals) <= CODE_WEAKNESSES
    lines = parsed.code.split("\n")
    for evidence in (each for category in result.categories for each in category.evidence):
        assert evidence.quote in "\n".join(lines[evidence.start_line - 1 : evidence.end_line])
        assert evidence.quote.strip()


@often
@given(payload=INTERVIEWS, metrics=METRICS)
def test_a_reply_passes_every_check(payload: dict[str, Any], metrics: CodeMetrics | None) -> None:
    parsed = InterviewPayload.parse(payload)

    with measuring(interview, metrics):
        result, again = (interview.reply(parsed, COACH) for _ in range(2))

    assert result == again
    assert result.should_respond or parsed.trigger == "proactive"
    for annotation in result.code_annotations or ():
        assert annotation.line <= parsed.current_code.count("\n") + 1
