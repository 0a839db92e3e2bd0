"""Whatever the payload: the offline coach's answers pass every check, and no model's answer gets past one.

``EXAMPLES=20000 pytest tests/unit/test_offline_properties.py`` runs so many of each.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiplane.code.languages import EXTENSIONS
from aiplane.code.metrics import CodeMetrics, FunctionMetrics
from aiplane.contracts import (
    CODE_WEAKNESSES,
    WEAKNESSES,
    HintPayload,
    InterviewPayload,
    ReviewPayload,
)
from aiplane.errors import ERRORS
from aiplane.providers.llm.offline import OfflineCoach
from tasks import hint, interview, review
from tasks.scoring import CATEGORIES, overall_score
from tests.unit.scripted import GOOD_HINT, ScriptedLLM

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

often = settings(
    max_examples=int(os.environ.get("EXAMPLES", "100")),
    suppress_health_check=[HealthCheck.too_slow],
)


@contextmanager
def measuring(task: ModuleType, metrics: CodeMetrics | None) -> Iterator[None]:
    """Let a task measure what the test says: the real meter is a process, too slow for so many examples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task, "measuring", lambda *_: nullcontext(lambda: metrics))
        patch.setattr(task, "syntax_errors", lambda *_: (), raising=False)
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
    assert result.overall_score == overall_score(result.categories, rubric=bool(parsed.rubric))
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


SAID = TEXT | st.sampled_from(
    ["Look at line 3.", "What does it cost?", "`x = 1`", "Use a hash map.", GOOD_HINT]
)
LINE = st.integers(-2, 40)
QUOTE = TEXT | st.sampled_from(LINES)
PLACE = {"startLine": LINE, "endLine": LINE, "quote": QUOTE}
SIGNAL = st.fixed_dictionaries({**PLACE, "weakness": st.sampled_from([*WEAKNESSES, "x"])})
IN_TALK = st.fixed_dictionaries({"quote": QUOTE, "weakness": st.sampled_from(WEAKNESSES), "turn": LINE})
JUDGED = st.fixed_dictionaries(
    {
        "name": st.sampled_from(CATEGORIES) | TEXT,
        "score": st.integers(-1, 11),
        "feedback": SAID,
        "evidence": st.lists(st.fixed_dictionaries({**PLACE, "observation": SAID}), max_size=2),
    }
)
SUGGESTED = st.fixed_dictionaries(
    {
        "startLine": LINE,
        "endLine": LINE,
        "severity": st.sampled_from(["info", "critical"]),
        "category": TEXT,
        "message": SAID,
        "replacement": st.none() | QUOTE,
    }
)
ANSWERS = {
    "hint": st.fixed_dictionaries(
        {"hint": SAID, "relatedConcepts": st.lists(SAID, max_size=6)},
        optional={"suggestedApproach": SAID, "reflectionPrompt": SAID},
    ),
    "review": st.fixed_dictionaries(
        {
            "categories": st.permutations(CATEGORIES).flatmap(
                lambda names: st.tuples(
                    *(JUDGED.map(lambda one, name=name: {**one, "name": name}) for name in names)
                )
            )
            | st.lists(JUDGED, max_size=5),
            "summary": SAID,
        },
        optional={
            "suggestions": st.lists(SUGGESTED, max_size=3),
            "weaknessSignals": st.lists(SIGNAL, max_size=3),
        },
    ),
    "interview": st.fixed_dictionaries(
        {"shouldRespond": st.booleans()},
        optional={
            "message": SAID,
            "followUpQuestion": SAID,
            "followUpType": st.sampled_from(["hint", "question", "evaluation"]),
            "codeAnnotations": st.lists(st.fixed_dictionaries({"line": LINE, "comment": SAID}), max_size=3),
            "weaknessSignals": st.lists(SIGNAL | IN_TALK, max_size=3),
        },
    ),
}
TASKS: dict[str, Any] = {
    "hint": (hint, HINTS, lambda data, llm: hint.write_hint(HintPayload.parse(data), llm)),
    "review": (review, REVIEWS, lambda data, llm: review.review(ReviewPayload.parse(data), llm)),
    "interview": (
        interview,
        INTERVIEWS,
        lambda data, llm: interview.reply(InterviewPayload.parse(data), llm),
    ),
}


@pytest.mark.parametrize("kind", TASKS)
@often
@given(data=st.data())
def test_whatever_a_model_answers_the_result_is_sound_or_the_failure_has_a_code(
    kind: str, data: st.DataObject
) -> None:
    task, payloads, run = TASKS[kind]
    payload = data.draw(payloads)
    answers = st.lists(ANSWERS[kind] | st.text(max_size=30), min_size=1, max_size=2)
    llm = ScriptedLLM(*data.draw(answers))

    with measuring(task, None), suppress(*ERRORS.values()):
        check_soundness(run(payload, llm).to_wire(), payload)

    assert len(llm.prompts) <= 2


def check_soundness(wire: dict[str, Any], payload: dict[str, Any]) -> None:
    json.dumps(wire, allow_nan=False)
    lines = payload.get("code", payload.get("currentCode", "")).split("\n")
    for place in places(wire):
        first, last = place.get("startLine", place.get("line")), place.get("endLine", place.get("line"))
        assert 1 <= first <= last <= len(lines)
        assert place.get("quote", "") in "\n".join(lines[first - 1 : last])


def places(node: Any) -> list[dict[str, Any]]:
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    here = [node] if isinstance(node, dict) and ({"line", "startLine"} & node.keys()) else []
    return here + [place for value in inside for place in places(value)]
