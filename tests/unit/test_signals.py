"""What is measured of an interview before its tier is decided."""

from __future__ import annotations

from typing import Any

import pytest

from aiplane.code.metrics import measure
from aiplane.contracts import InterviewPayload
from tasks.difficulty import Signals
from tasks.signals import read_signals

MINUTE = 60_000


def signals_of(**fields: Any) -> Signals:
    payload = {"problemDescription": "p", "currentCode": "", "conversationHistory": [], **fields}
    parsed = InterviewPayload.parse(payload)
    return read_signals(parsed, measure(parsed.current_code, "python"))


def turns(*said: tuple[str, str, int | None]) -> list[dict[str, Any]]:
    return [{"role": role, "content": content, "timestamp": at} for role, content, at in said]


def test_nothing_sent_is_nothing_measured() -> None:
    assert signals_of() == Signals()


def test_tests_hints_and_code_are_measured() -> None:
    measured = signals_of(
        currentCode="for i in a:\n    if i:\n        pass\n",
        executionResult={"passedTestCases": 1, "totalTestCases": 4},
        hintCount=2,
        recentHints=["one"],
        interactionSignals={"hintCount": 1},
    )

    assert (measured.pass_share, measured.hints) == (0.25, 2)
    assert (measured.complexity, measured.nesting) == (3, 2)


def test_no_hints_at_all_is_a_measurement_and_no_list_of_hints_is_none() -> None:
    assert signals_of(hintCount=0).hints == 0
    assert signals_of(recentHints=[]).hints is None


def test_the_response_time_is_the_median_of_the_latest_answers() -> None:
    history = turns(("assistant", "q", 0), ("user", "a", 50 * MINUTE))
    for minute in (100, 200, 300, 400, 500):
        history += turns(("assistant", "q", minute * MINUTE), ("user", "a", minute * MINUTE + 30_000))

    assert signals_of(conversationHistory=history).response_seconds == 30


@pytest.mark.parametrize(
    "history",
    [
        turns(("assistant", "q", None), ("user", "a", 5)),
        turns(("assistant", "q", 10), ("user", "a", 5)),
        turns(("user", "a", 5), ("assistant", "q", 10)),
        turns(("system", "q", 5), ("user", "a", 10)),
    ],
)
def test_times_that_say_nothing_are_not_measured(history: list[dict[str, Any]]) -> None:
    assert signals_of(conversationHistory=history).response_seconds is None


def test_a_silence_that_goes_on_counts_where_it_is_longer() -> None:
    history = turns(("assistant", "q", 0), ("user", "a", 20_000), ("assistant", "q", MINUTE))
    silence = {"interactionSignals": {"secondsSinceLastUserMessage": 300}}

    assert signals_of(conversationHistory=history, **silence).response_seconds == 300
    assert signals_of(conversationHistory=history, userMessage="a", **silence).response_seconds == 20
    assert signals_of(**silence).response_seconds == 300


def test_follow_ups_without_an_answer_are_counted_up_to_the_latest() -> None:
    history = turns(
        ("assistant", "Which steps?", None),
        ("user", "First this, then that.", None),
        ("assistant", "What about cost?", None),
        ("user", "I don\u2019t know", None),
        ("assistant", "And for ten elements?", None),
    )

    assert signals_of(conversationHistory=history).unresolved == 1
    assert signals_of(conversationHistory=history, userMessage="no idea").unresolved == 2
    assert signals_of(conversationHistory=history, userMessage="a hundred steps").unresolved == 0


def test_asking_for_the_same_again_means_that_it_was_not_resolved() -> None:
    history = turns(
        ("assistant", "How does the running time of your loop grow?", None),
        ("user", "It is a loop over the list", None),
        ("assistant", "So how does the running time of that loop grow?", None),
    )

    assert signals_of(conversationHistory=history).unresolved == 1
    assert signals_of(conversationHistory=history, userMessage="linear").unresolved == 0


def test_a_hedged_answer_resolves_its_point() -> None:
    history = turns(
        ("assistant", "What does a lookup cost here?", None),
        ("user", "No idea.", None),
        ("assistant", "And what does the memory grow with?", None),
    )

    assert signals_of(conversationHistory=history, userMessage="Not sure, maybe the input?").unresolved == 0
    assert signals_of(conversationHistory=history, userMessage="I'm not sure.").unresolved == 2
