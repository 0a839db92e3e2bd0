"""The hint task, with a model that says what the test wants."""

from __future__ import annotations

from typing import Any

import pytest

from aiplane.coaching.answers import HintAnswer, InterviewAnswer
from aiplane.coaching.cases import HintCase
from aiplane.contracts import HintPayload, HintResult
from aiplane.errors import InvalidPayloadError, LLMInvalidResponseError
from aiplane.providers.llm.schema import strict_schema
from aiplane.queues import QUEUES
from tasks.hint import generate_hint, write_hint
from tests.unit.payloads import HINT
from tests.unit.scripted import GOOD_HINT, ScriptedLLM

THOUGHTS = {"fault": "It forgets the pair.", "nextStep": "Remember.", "keepBack": "a set of complements"}
HARD = ("Consideration of characteristics necessitates reorganisation. " * 20).strip()
KEPT = "Could you keep the complements in a set?"
WHOLE_WAY = (
    "Go through the numbers once. Keep each of them with its place. For every number, subtract it from the "
    "target and look up what is left. If it is there, return both places. "
) * 2
ANSWER = {
    "hint": GOOD_HINT,
    "suggestedApproach": "Remember what you have seen.",
    "relatedConcepts": ["loops"],
    "reflectionPrompt": "What would a lookup cost?",
}


def hint(answer: dict[str, Any], **fields: Any) -> HintResult:
    return asked(answer, **fields)[0]


def asked(answer: dict[str, Any], **fields: Any) -> tuple[HintResult, ScriptedLLM]:
    llm = ScriptedLLM({**ANSWER, **answer})
    return write_hint(HintPayload.parse({**HINT, **fields}), llm), llm


def test_the_result_is_what_the_model_wrote_at_the_level_that_was_asked_for() -> None:
    wire = hint({}, hintLevel="subtle").to_wire()

    assert wire == {
        "hint": GOOD_HINT,
        "hintLevel": "gentle",
        "relatedConcepts": ["loops"],
        "reflectionPrompt": "What would a lookup cost?",
    }


def test_what_does_not_apply_is_left_out() -> None:
    wire = hint({"suggestedApproach": None, "reflectionPrompt": "  "}).to_wire()

    assert wire.keys() == {"hint", "hintLevel", "relatedConcepts"}


@pytest.mark.parametrize("thoughts", [THOUGHTS, "It forgets the pair.", None, 3, [], {"fault": 3}])
def test_what_a_model_thinks_first_is_shown_to_nobody(thoughts: Any) -> None:
    wire = hint({"diagnosis": thoughts}).to_wire()

    assert "diagnosis" not in wire
    assert "forgets the pair" not in str(wire)


def test_the_schema_asks_for_the_thoughts_first() -> None:
    for shape in (HintAnswer, InterviewAnswer):
        first = next(iter(strict_schema(shape)["properties"].items()))

        assert first[0] == "diagnosis"
        assert first[1]["required"] == ["fault", "nextStep", "keepBack"]


def test_concepts_are_five_at_most_and_each_once() -> None:
    concepts = ["a", "b", "a", "c", "d", "e", "f"]

    assert hint({"relatedConcepts": concepts}).related_concepts == ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    "answer",
    [
        {"hint": f"{GOOD_HINT} Write `seen[x] = i` in the loop."},
        {"suggestedApproach": "```\nseen = {}\n```"},
        {"reflectionPrompt": "Why does `for x in nums` come first?"},
        {"relatedConcepts": ["seen[x] = i"]},
        {"hint": ""},
    ],
)
def test_an_answer_that_fails_a_check_is_invalid(answer: dict[str, Any]) -> None:
    with pytest.raises(LLMInvalidResponseError) as caught:
        hint(answer)

    assert "seen" not in caught.value.failed_reason


@pytest.mark.parametrize(
    ("answer", "fields", "rule"),
    [
        ({"reflectionPrompt": "Would a heap help?"}, {"hintLevel": "gentle"}, "names a data structure"),
        ({"relatedConcepts": ["recursion"]}, {"hintLevel": "gentle"}, "names a data structure"),
        ({"reflectionPrompt": "What does line 3 do?"}, {}, "line that does not exist"),
        ({"diagnosis": THOUGHTS, "reflectionPrompt": KEPT}, {"hintLevel": "gentle"}, "keeps back"),
        ({"hint": WHOLE_WAY}, {"hintLevel": "gentle"}, "step by step"),
        ({}, {"responseLanguage": "es"}, "language that was asked for"),
    ],
)
def test_a_hint_that_breaks_what_must_hold_is_invalid(
    answer: dict[str, Any], fields: dict[str, Any], rule: str
) -> None:
    with pytest.raises(LLMInvalidResponseError, match=rule):
        hint(answer, **fields)


@pytest.mark.parametrize(
    ("answer", "fields", "rule"),
    [
        ({"hint": "Look again."}, {}, "has 2 words"),
        ({}, {"previousHints": [GOOD_HINT]}, "repeats an earlier one"),
        ({}, {"previousHint": GOOD_HINT}, "repeats an earlier one"),
        ({"hint": HARD}, {}, "reads at US grade"),
        ({"hint": f"{GOOD_HINT} Alternatively, begin at the end."}, {}, "more than one way"),
    ],
)
def test_a_hint_that_breaks_what_should_hold_goes_back_once_and_then_out(
    answer: dict[str, Any], fields: dict[str, Any], rule: str
) -> None:
    result, llm = asked(answer, **fields)

    assert rule in llm.sent_back
    assert result.hint == {**ANSWER, **answer}["hint"]
    assert len(llm.prompts) == 2


def test_a_concept_that_is_a_sentence_is_left_out() -> None:
    concepts = ["one two three four five six seven", "loops"]

    assert hint({"relatedConcepts": concepts}).related_concepts == ("loops",)


@pytest.mark.parametrize("concepts", [None, []])
def test_a_hint_may_come_without_concepts(concepts: list[str] | None) -> None:
    assert hint({"relatedConcepts": concepts}).related_concepts == ()


def test_a_hint_for_a_reader_of_another_language_has_no_grade() -> None:
    assert asked({"hint": HARD}, responseLanguage="fi")[1].sent_back == ""


def test_a_direct_hint_may_hold_what_a_moderate_one_may_not() -> None:
    code = f"{GOOD_HINT} Write `seen[x] = i` in the loop."

    assert hint({"hint": code}, hintLevel="direct").hint == code


def test_the_prompt_carries_the_facts_for_who_reads_no_prose() -> None:
    llm = ScriptedLLM(ANSWER)
    payload = HintPayload.parse(HINT)
    write_hint(payload, llm)

    case = llm.prompts[0].case
    assert isinstance(case, HintCase)
    assert case.payload == payload
    assert case.metrics is not None


def test_the_task_is_a_plain_call() -> None:
    result = generate_hint(HINT)

    assert generate_hint.name == QUEUES["hint"].task
    assert result["hintLevel"] == "moderate"
    assert result["hint"]


def test_a_wrong_payload_is_refused_before_anybody_is_asked() -> None:
    with pytest.raises(InvalidPayloadError, match="hintLevel"):
        generate_hint({**HINT, "hintLevel": "loud"})
