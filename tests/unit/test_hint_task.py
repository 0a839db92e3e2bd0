"""The hint task, with a model that says what the test wants."""

from __future__ import annotations

from typing import Any

import pytest

from aiplane.contracts import HintPayload, HintResult
from aiplane.errors import InvalidPayloadError, LLMInvalidResponseError
from aiplane.llm.answers import HintAnswer, InterviewAnswer
from aiplane.llm.cases import HintCase
from aiplane.llm.schema import strict_schema
from aiplane.queues import QUEUES
from tasks.hint import generate_hint, write_hint
from tests.unit.payloads import HINT
from tests.unit.scripted import GOOD_HINT, ScriptedLLM

ANSWER = {
    "hint": GOOD_HINT,
    "suggestedApproach": "Remember what you have seen.",
    "relatedConcepts": ["loops"],
    "reflectionPrompt": "What would a lookup cost?",
}


def hint(answer: dict[str, Any], **fields: Any) -> HintResult:
    return write_hint(HintPayload.parse({**HINT, **fields}), ScriptedLLM({**ANSWER, **answer}))


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


THOUGHTS = {"fault": "It forgets the pair.", "nextStep": "Remember.", "keepBack": "a set of complements"}


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
        {"relatedConcepts": []},
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
        ({"hint": "Look again."}, {}, "has 2 words"),
        ({}, {"previousHints": [GOOD_HINT]}, "repeats an earlier one"),
        ({}, {"previousHint": GOOD_HINT}, "repeats an earlier one"),
        ({"reflectionPrompt": "Would a hash map help?"}, {"hintLevel": "gentle"}, "names none"),
        ({"relatedConcepts": ["recursion"]}, {"hintLevel": "gentle"}, "names none"),
        ({"relatedConcepts": ["one two three four five six seven"]}, {}, "terms"),
        ({"reflectionPrompt": "What does line 3 do?"}, {}, "line that does not exist"),
    ],
)
def test_every_rule_of_a_good_hint_is_checked(
    answer: dict[str, Any], fields: dict[str, Any], rule: str
) -> None:
    with pytest.raises(LLMInvalidResponseError, match=rule):
        hint(answer, **fields)


def test_a_hint_for_a_reader_of_another_language_has_no_grade() -> None:
    hard = "Consideration of characteristics necessitates reorganisation. " * 20

    assert hint({"hint": hard}, responseLanguage="pt-BR").hint == hard.strip()

    with pytest.raises(LLMInvalidResponseError, match="grade"):
        hint({"hint": hard}, responseLanguage="en-GB")


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
