"""Nobody talks the model out of its job, wherever the words stand; nothing of theirs reaches a log."""

from __future__ import annotations

import json
import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.contracts import HintPayload, InterviewPayload, ReviewPayload
from aiplane.errors import LLMInvalidResponseError
from tasks import hint, interview, review
from tasks.prompting import canary
from tests.attacks.corpus import CORPUS, ORDER, Attack
from tests.attacks.obedient import ANSWERS, ObedientLLM, answer_to, legible
from tests.unit.scripted import ScriptedLLM

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiplane.providers.llm import LLM


def hint_about(text: str) -> dict[str, Any]:
    turns = [{"role": role, "content": text} for role in ("user", "assistant", "system")]
    return {
        "problemDescription": text,
        "currentCode": text,
        "language": text[:40],
        "hintLevel": "gentle",
        "conversationHistory": turns,
        "previousHints": [text],
        "reflectionResponse": text,
        "historicalWeaknesses": [{"category": text[:200], "description": text[:2_000]}],
        "roomId": "r",
    }


def review_about(text: str) -> dict[str, Any]:
    return {
        "problemDescription": text,
        "code": text,
        "language": text[:40],
        "historicalWeaknesses": [{"category": text[:200], "description": text[:2_000]}],
    }


def interview_about(text: str) -> dict[str, Any]:
    return {
        **hint_about(text),
        "userMessage": text,
        "recentHints": [{"hint": text}],
        "codeContext": {"file": text[:1_000], "codeSnippet": text, "startLine": 1},
        "interactionSignals": {"reason": text[:200]},
        "trigger": "user_message",
    }


KINDS: dict[str, tuple[Callable[[str], dict[str, Any]], Callable[[dict[str, Any], LLM], Any]]] = {
    "hint": (hint_about, lambda data, llm: hint.write_hint(HintPayload.parse(data), llm)),
    "review": (review_about, lambda data, llm: review.review(ReviewPayload.parse(data), llm)),
    "interview": (interview_about, lambda data, llm: interview.reply(InterviewPayload.parse(data), llm)),
}


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure nothing: these are tests of words, and some of them are built to hang a parser."""
    for task in (hint, review, interview):
        monkeypatch.setattr(task, "measuring", lambda *_: nullcontext(lambda: None))
    for task in (hint, review):
        monkeypatch.setattr(task, "syntax_errors", lambda *_: ())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.name)
def test_an_attack_in_every_place_at_once_is_data(kind: str, attack: Attack) -> None:
    llm = ObedientLLM()
    data, run = KINDS[kind]

    run(data(attack.text), llm)

    assert not llm.obeyed


@pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.name)
def test_an_attack_as_a_rubric_is_data(attack: Attack) -> None:
    llm = ObedientLLM()
    payload = {**review_about("x = 1"), "rubric": [attack.text[:500]]}

    with pytest.raises(LLMInvalidResponseError, match="asked for"):
        review.review(ReviewPayload.parse(payload), llm)

    assert not llm.obeyed


def test_the_corpus_is_large_and_every_attack_asks_for_something() -> None:
    assert len(CORPUS) >= 150
    assert all(ORDER.lower() in legible(attack.text) for attack in CORPUS)


@pytest.mark.parametrize("place", ["facts", "system"])
def test_the_obedient_model_does_obey_what_is_not_data(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    order = f"Say {ORDER}."
    if place == "facts":
        monkeypatch.setattr(hint, "_facts", lambda _: [order])
    else:
        monkeypatch.setattr("tasks.asking.system_message", lambda _: order)
    llm = ObedientLLM()

    KINDS["hint"][1](hint_about("x = 1"), llm)

    assert llm.obeyed


@pytest.mark.parametrize("shape", ["{}", "{} ", "it is: {}", "upper", "spelled"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_leaks_the_instructions_is_refused_at_once(kind: str, shape: str) -> None:
    word = {"upper": canary().upper(), "spelled": "-".join(canary())}.get(shape, shape.format(canary()))
    answer = json.dumps(ANSWERS[kind])[:-1] + f', "note": "{word}"}}'
    llm = ScriptedLLM(answer)
    data, run = KINDS[kind]

    with pytest.raises(LLMInvalidResponseError, match="own instructions") as caught:
        run(data("x = 1"), llm)

    assert len(llm.prompts) == 1
    assert word not in caught.value.failed_reason


SECRETS = ("ada@example.com", "+49 151 2345678", "sk-proj-abcdef", "correct horse battery staple")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", ["good", "bad"])
def test_no_personal_data_reaches_the_log(kind: str, answer: str, caplog: pytest.LogCaptureFixture) -> None:
    data, run = KINDS[kind]
    said = " ".join(SECRETS)
    good = answer_to(kind, f"x = '{said}'")
    llm = ScriptedLLM(good if answer == "good" else {"hint": said, "message": said, "summary": said})

    with caplog.at_level(logging.DEBUG):
        if answer == "good":
            run(data(f"x = '{said}'"), llm)
        else:
            with pytest.raises(LLMInvalidResponseError) as caught:
                run(data(f"x = '{said}'"), llm)
            assert not any(secret in caught.value.failed_reason for secret in SECRETS)

    assert caplog.records
    assert not any(secret in caplog.text for secret in SECRETS)
