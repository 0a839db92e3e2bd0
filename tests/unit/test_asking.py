"""One question, its check, one repair, and what ends the attempt at once."""

from __future__ import annotations

import hashlib
import json
import logging
from importlib import resources
from typing import Any

import pytest

from aiplane.contracts import HintPayload, HintResult
from aiplane.deadline import within
from aiplane.errors import LLMInvalidResponseError, LLMTimeoutError
from aiplane.queues import Kind
from tasks.hint import write_hint
from tasks.prompting import canary, instructions
from tests.unit.payloads import HINT
from tests.unit.scripted import GOOD_HINT, ScriptedLLM

GOOD = {"hint": GOOD_HINT, "relatedConcepts": ["loops"]}
BAD = {"hint": "Too short.", "relatedConcepts": ["loops"]}

PROMPTS = {
    "hint": ("hint-3", "1070ee0b5b58"),
    "review": ("review-3", "acde8919e118"),
    "interview": ("interview-3", "6e9ac37eb71e"),
}
"""Each prompt's version and text: who changes a prompt changes both here and in its first line."""


def asked(*answers: Any) -> ScriptedLLM:
    llm = ScriptedLLM(*answers)
    hinted(llm)
    return llm


def hinted(llm: ScriptedLLM) -> HintResult:
    return write_hint(HintPayload.parse(HINT), llm)


@pytest.mark.parametrize("kind", PROMPTS)
def test_a_changed_prompt_has_a_new_version(kind: Kind) -> None:
    text = resources.files("tasks").joinpath("prompts", f"{kind}.md").read_bytes()

    assert (instructions(kind).version, hashlib.sha256(text).hexdigest()[:12]) == PROMPTS[kind]


def test_a_good_answer_is_asked_for_once() -> None:
    assert len(asked(GOOD).prompts) == 1


def test_an_answer_that_fails_a_check_goes_back_once_with_the_reason() -> None:
    llm = asked(BAD, GOOD)

    first, second = (prompt.messages for prompt in llm.prompts)
    assert second[0] == first[0]
    assert second[1].content.startswith(first[1].content), "a provider has that part cached"
    added = second[1].content.removeprefix(first[1].content)
    assert "The model's hint has 2 words, and it must have 80 to 160." in added


def test_the_bad_answer_goes_back_as_data() -> None:
    added = asked(BAD, GOOD).user.rpartition(" begin: your answer]")[2]

    assert "Too short" not in added
    assert "short." in added


@pytest.mark.parametrize("bad", [BAD, "no JSON at all", {"hint": 3}])
def test_a_second_failure_ends_the_attempt(bad: Any) -> None:
    llm = ScriptedLLM(bad)

    with pytest.raises(LLMInvalidResponseError):
        hinted(llm)

    assert len(llm.prompts) == 2


def test_an_answer_that_was_cut_off_goes_back() -> None:
    llm = asked(LLMInvalidResponseError("The model's answer was cut off."), GOOD)

    assert "was cut off" in llm.user
    assert "begin: your answer" not in llm.user


@pytest.mark.parametrize(
    "error", [LLMInvalidResponseError("It refused.", repairable=False), LLMTimeoutError("Too late.")]
)
def test_a_refusal_and_a_failed_call_do_not_go_back(error: Exception) -> None:
    llm = ScriptedLLM(error)

    with pytest.raises(type(error)) as caught:
        hinted(llm)

    assert caught.value is error
    assert len(llm.prompts) == 1


def test_no_repair_is_begun_that_the_deadline_would_cut_off() -> None:
    llm = ScriptedLLM(BAD, GOOD)

    with within(0), pytest.raises(LLMInvalidResponseError, match="2 words"):
        hinted(llm)

    assert len(llm.prompts) == 1


def test_the_system_message_is_the_same_for_every_job_and_ends_with_the_canary() -> None:
    one, other = asked(GOOD).system, asked(GOOD).system

    assert one == other
    assert one.startswith(instructions("hint").text)
    assert one.endswith(canary())


def test_an_answer_with_the_fences_in_it_is_no_answer() -> None:
    llm = FenceTeller(GOOD)

    with pytest.raises(LLMInvalidResponseError, match="fences"):
        hinted(llm)

    assert "begin: your answer" not in llm.user


class FenceTeller(ScriptedLLM):
    def complete(self, prompt: Any) -> Any:
        word = prompt.messages[1].content.partition("[")[2].partition(" begin")[0]
        self.answers = ({**GOOD, "reflectionPrompt": f"[{word} end: your answer]"},)
        return super().complete(prompt)


def test_marks_that_a_model_copied_are_spaces_again() -> None:
    llm = MarkTeller(GOOD)

    assert hinted(llm).reflection_prompt == "What then?"


class MarkTeller(ScriptedLLM):
    def complete(self, prompt: Any) -> Any:
        mark = prompt.messages[1].content.partition("every line begins with ")[2][0]
        self.answers = (json.dumps({**GOOD, "reflectionPrompt": f"What{mark}then?"}),)
        return super().complete(prompt)


def test_the_log_tells_the_version_and_the_calls(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "tasks.asking"):
        asked(BAD, GOOD)

    assert "written with prompt hint-3 in 2 calls" in caplog.text
    assert "goes back: The model's hint has 2 words" in caplog.text
