"""The hint task, with a model that says what the test wants."""

from __future__ import annotations

from typing import Any

import pytest

from aiplane.contracts import HintPayload, HintResult
from aiplane.errors import InvalidPayloadError, LLMInvalidResponseError
from aiplane.llm.cases import HintCase
from aiplane.queues import QUEUES
from tasks.hint import generate_hint, write_hint
from tests.unit.payloads import HINT
from tests.unit.scripted import ScriptedLLM

ANSWER = {
    "hint": "Look at what you compute twice.",
    "suggestedApproach": "Remember what you have seen.",
    "relatedConcepts": ["hash maps"],
    "reflectionPrompt": "What would a lookup cost?",
}


def hint(answer: dict[str, Any], **fields: Any) -> HintResult:
    return write_hint(HintPayload.parse({**HINT, **fields}), ScriptedLLM({**ANSWER, **answer}))


def test_the_result_is_what_the_model_wrote_at_the_level_that_was_asked_for() -> None:
    assert hint({}, hintLevel="subtle").to_wire() == {**ANSWER, "hintLevel": "gentle"}


def test_what_does_not_apply_is_left_out() -> None:
    wire = hint({"suggestedApproach": None, "reflectionPrompt": "  "}).to_wire()

    assert wire.keys() == {"hint", "hintLevel", "relatedConcepts"}


def test_concepts_are_five_at_most_and_each_once() -> None:
    concepts = ["a", "b", "a", "c", "d", "e", "f"]

    assert hint({"relatedConcepts": concepts}).related_concepts == ("a", "b", "c", "d", "e")


@pytest.mark.parametrize(
    "answer",
    [
        {"hint": "Write `seen[x] = i` in the loop."},
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


def test_a_direct_hint_may_hold_what_a_moderate_one_may_not() -> None:
    assert hint({"hint": "Write `seen[x] = i` in the loop."}, hintLevel="direct").hint_level == "direct"


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
