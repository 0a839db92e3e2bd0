"""The rule of the tiers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiplane.contracts import Difficulty
from tasks.difficulty import FOLLOW_UP_TYPES, TIERS, Signals, decide

signals = st.builds(
    Signals,
    pass_share=st.none() | st.floats(0, 1),
    response_seconds=st.none() | st.floats(0, 10_000),
    hints=st.none() | st.integers(0, 20),
    unresolved=st.none() | st.integers(0, 10),
    complexity=st.none() | st.integers(1, 100),
    nesting=st.none() | st.integers(0, 20),
)


def tier(current: Difficulty | None = None, **measured: float) -> Difficulty:
    return decide(Signals(**measured), current).difficulty


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"pass_share": 1, "response_seconds": 30, "hints": 0}, "hard"),
        ({"pass_share": 1, "hints": 0}, "hard"),
        ({"response_seconds": 30, "hints": 0}, "hard"),
        ({"pass_share": 0.7, "response_seconds": 120, "hints": 1}, "medium"),
        ({"response_seconds": 120, "hints": 2}, "medium"),
        ({"pass_share": 1, "response_seconds": 120, "hints": 0}, "medium"),
        ({"pass_share": 0.2, "response_seconds": 300, "hints": 4}, "easy"),
        ({"response_seconds": 300, "hints": 4}, "easy"),
        ({"hints": 3}, "easy"),
        ({"unresolved": 2}, "easy"),
    ],
)
def test_each_row_of_the_table(measured: dict[str, float], expected: Difficulty) -> None:
    assert tier(**measured) == expected


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        pytest.param({"pass_share": 0, "response_seconds": 10, "hints": 0}, "medium", id="fast but wrong"),
        pytest.param({"pass_share": 1, "hints": 5}, "medium", id="right with many hints"),
        pytest.param(
            {"pass_share": 1, "response_seconds": 10, "hints": 1}, "medium", id="never hard with a hint"
        ),
        pytest.param({"pass_share": 1, "response_seconds": 400, "hints": 0}, "medium", id="right but slow"),
        pytest.param({"pass_share": 1, "hints": 0, "nesting": 6}, "medium", id="right but tangled"),
        pytest.param({"pass_share": 0.1, "hints": 0}, "easy", id="wrong without asking"),
    ],
)
def test_signals_that_contradict_each_other(measured: dict[str, float], expected: Difficulty) -> None:
    assert tier(**measured) == expected


@pytest.mark.parametrize("current", TIERS)
def test_without_any_signal_the_tier_stays(current: Difficulty) -> None:
    assert tier(current) == current
    assert tier(current, unresolved=1, complexity=3, nesting=2) == current


def test_without_any_signal_or_tier_it_is_medium() -> None:
    assert tier() == "medium"


def test_a_single_sign_of_tangled_code_does_not_make_it_easy() -> None:
    assert tier(complexity=40) == "medium"


@pytest.mark.parametrize("measured", [{"hints": 0}, {"response_seconds": 10}, {"pass_share": 1}])
@pytest.mark.parametrize("current", TIERS)
def test_a_single_good_sign_never_lowers_the_tier(current: Difficulty, measured: dict[str, float]) -> None:
    assert TIERS.index(tier(current, **measured)) >= TIERS.index(current)


@pytest.mark.parametrize(
    "measured",
    [{"hints": 3}, {"response_seconds": 900}, {"pass_share": 0}, {"unresolved": 2}, {"nesting": 9}],
)
@pytest.mark.parametrize("current", TIERS)
def test_a_single_bad_sign_never_raises_the_tier(current: Difficulty, measured: dict[str, float]) -> None:
    assert TIERS.index(tier(current, **measured)) <= TIERS.index(current)


def test_the_tier_moves_by_one_step() -> None:
    assert tier("easy", pass_share=1, response_seconds=10, hints=0) == "medium"
    assert tier("hard", pass_share=0, response_seconds=900, hints=9) == "medium"


@given(signals, st.sampled_from([None, *TIERS]))
def test_whatever_is_measured_the_verdict_keeps_the_rules(
    measured: Signals, current: Difficulty | None
) -> None:
    verdict = decide(measured, current)

    assert abs(TIERS.index(verdict.difficulty) - TIERS.index(current or "medium")) <= 1
    assert verdict.follow_up_types == FOLLOW_UP_TYPES[verdict.difficulty]
    assert verdict.signals == measured
    assert verdict.reason.startswith(f"{verdict.difficulty}: ")


@given(signals, st.sampled_from([None, *TIERS]))
def test_doing_worse_never_makes_it_harder(measured: Signals, current: Difficulty | None) -> None:
    worse = Signals(
        pass_share=None if measured.pass_share is None else 0.0,
        response_seconds=None if measured.response_seconds is None else 1_000.0,
        hints=None if measured.hints is None else measured.hints + 5,
        unresolved=4,
        complexity=50,
        nesting=9,
    )

    before, after = decide(measured, current).difficulty, decide(worse, current).difficulty

    assert TIERS.index(after) <= TIERS.index(before)


def test_the_reason_tells_the_measurements() -> None:
    verdict = decide(Signals(pass_share=0.25, response_seconds=240.4, hints=1, unresolved=3), "hard")

    assert verdict.reason == (
        "medium: 25% of the tests pass, answers take 240 s, 1 hint, 3 follow-ups in a row resolved nothing "
        "(towards easy, one step at a time)"
    )
