"""One question, its check, one repair, and what ends the attempt at once."""

from __future__ import annotations

import hashlib
import json
import logging
from importlib import resources
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from aiplane.context.deadline import within
from aiplane.contracts import HintPayload, HintResult
from aiplane.errors import LLMInvalidResponseError, LLMTimeoutError
from aiplane.queues import Kind
from tasks.hint import write_hint
from tasks.prompting import canary, instructions
from tests.unit.payloads import HINT
from tests.unit.scripted import GOOD_HINT, ScriptedLLM

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = {"hint": GOOD_HINT, "relatedConcepts": ["loops"]}
SHORT = {"hint": "Too short.", "relatedConcepts": ["loops"]}
SPOILT = {"hint": f"{GOOD_HINT} Write `seen[x] = i` now.", "relatedConcepts": ["loops"]}
WORSE = {"hint": "Write `seen[x] = i` now.", "relatedConcepts": ["loops"]}

PROMPTS = {
    "hint": ("hint-4", "a75799f0539f"),
    "review": ("review-4", "c9e5b49cebd2"),
    "interview": ("interview-4", "5a85f0d4fbac"),
}
"""Each prompt's version and text: who changes a prompt changes both here and in its first line."""


def wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


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


@pytest.mark.parametrize("bad", [SHORT, SPOILT])
def test_an_answer_with_a_fault_goes_back_once(bad: dict[str, Any]) -> None:
    llm = ScriptedLLM(bad, GOOD)

    assert hinted(llm).hint == GOOD_HINT
    first, second = (prompt.messages for prompt in llm.prompts)
    assert second[0] == first[0]
    assert second[1].content.startswith(first[1].content), "a provider has that part cached"


def test_every_fault_is_told_to_the_model_with_its_place_what_must_be_mended_first() -> None:
    told = asked({**WORSE, "reflectionPrompt": "What does line 9 do?"}, GOOD).sent_back.split("\n")

    assert [line.partition(".")[0] for line in told] == [
        "- Your hint holds code that is not the candidate's: 1 line in all, where a moderate hint may hold 0",
        "- Your reflectionPrompt names a line that does not exist; the code has 2",
        "- Your hint has 3 words, and it should have 80 to 160",
    ]


def test_the_bad_answer_goes_back_as_data() -> None:
    added = asked(SHORT, GOOD).user.rpartition(" begin: your answer]")[2]

    assert "Too short" not in added
    assert "short." in added


@pytest.mark.parametrize("bad", [SPOILT, "no JSON at all", {"hint": 3}])
def test_what_must_not_be_ends_the_attempt_the_second_time(bad: Any) -> None:
    llm = ScriptedLLM(bad)

    with pytest.raises(LLMInvalidResponseError):
        hinted(llm)

    assert len(llm.prompts) == 2


def test_no_job_fails_for_style() -> None:
    llm = ScriptedLLM(SHORT)

    assert hinted(llm).hint == "Too short."
    assert len(llm.prompts) == 2


@pytest.mark.parametrize(
    ("first", "second", "out"),
    [
        (SHORT, GOOD, GOOD),
        (SHORT, SPOILT, SHORT),
        (SPOILT, SHORT, SHORT),
        (SHORT, "no JSON at all", SHORT),
        (SHORT, LLMTimeoutError("Too late."), SHORT),
        (SHORT, LLMInvalidResponseError("It refused.", repairable=False), SHORT),
        (SHORT, {**SHORT, "hint": "Shorter."}, {**SHORT, "hint": "Shorter."}),
    ],
)
def test_the_better_of_two_answers_goes_out(first: Any, second: Any, out: dict[str, Any]) -> None:
    assert hinted(ScriptedLLM(first, second)).hint == out["hint"]


def test_a_repair_that_fails_is_the_failure_where_nothing_may_go_out() -> None:
    with pytest.raises(LLMTimeoutError):
        hinted(ScriptedLLM(SPOILT, LLMTimeoutError("Too late.")))


def test_what_is_wrong_with_an_answer_that_goes_out_stands_in_the_log_and_on_the_span(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    span = Mock()
    monkeypatch.setattr("tasks.asking.trace", SimpleNamespace(get_current_span=lambda: span))

    with caplog.at_level(logging.INFO, "tasks.asking"):
        asked(SHORT)

    told = "The model's hint has 2 words, and it should have 80 to 160."
    span.set_attribute.assert_any_call("ai.answer.shortcomings", told)
    assert f"could be better: {told}" in caplog.text


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
    llm = ScriptedLLM(SPOILT, GOOD)

    with within(0), pytest.raises(LLMInvalidResponseError, match="holds code"):
        hinted(llm)

    assert len(llm.prompts) == 1


def test_where_there_is_no_time_a_fault_of_style_goes_out_at_once() -> None:
    llm = ScriptedLLM(SHORT, GOOD)

    with within(0):
        assert hinted(llm).hint == "Too short."

    assert len(llm.prompts) == 1


THOUGHTS = "<think>I must not write {word}, nor [{fence} begin: problem]. A draft: {{}}</think>"


class Thinker(ScriptedLLM):
    """Thinks aloud about its prompt before it answers."""

    def complete(self, prompt: Any) -> Any:
        fence = prompt.messages[1].content.partition("[")[2].partition(" begin")[0]
        self.answers = (THOUGHTS.format(word=canary(), fence=fence) + json.dumps(GOOD),)
        return super().complete(prompt)


def test_thoughts_in_front_of_an_answer_are_nobody_s_to_check() -> None:
    llm = Thinker(GOOD)

    assert hinted(llm).hint == GOOD_HINT
    assert len(llm.prompts) == 1


@pytest.mark.parametrize("form", [str, str.upper, lambda text: text.replace(" ", "\u00a0\u200b"), wide])
@pytest.mark.parametrize("field", ["hint", "reflectionPrompt", "note"])
def test_six_words_of_the_instructions_are_a_leak_wherever_they_stand(
    field: str, form: Callable[[str], str]
) -> None:
    said = form("name to yourself the small goals that are left")

    with pytest.raises(LLMInvalidResponseError, match="of its own instructions"):
        hinted(ScriptedLLM({**GOOD, field: f"{GOOD_HINT} {said}"}))


@pytest.mark.parametrize(
    "said", ["Here is what I was told.", "My system prompt says to be kind.", "Here are my instructions"]
)
def test_who_tells_the_instructions_in_other_words_leaks_them_too(said: str) -> None:
    with pytest.raises(LLMInvalidResponseError, match="tells its own instructions"):
        hinted(ScriptedLLM({**GOOD, "reflectionPrompt": said}))


def test_to_decline_is_no_leak() -> None:
    declined = "I can't share my instructions, but what does the loop do?"

    assert hinted(ScriptedLLM({**GOOD, "reflectionPrompt": declined})).reflection_prompt == declined


def test_what_a_model_thinks_in_private_may_repeat_the_instructions() -> None:
    thoughts = {"fault": "name to yourself the small goals that are left", "keepBack": canary()}

    assert hinted(ScriptedLLM({**GOOD, "diagnosis": thoughts})).hint == GOOD_HINT


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
        asked(SHORT, GOOD)

    assert "written with prompt hint-4 in 2 calls" in caplog.text
    assert "goes back: The model's hint has 2 words" in caplog.text
