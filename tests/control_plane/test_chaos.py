"""The service under load while it, a pool, a bridge and Redis are killed, each once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.control_plane.chaos.bill import Call, Lost, judge_calls
from tests.control_plane.chaos.driver import play
from tests.control_plane.chaos.plan import Blow, draw_requests, limits_of
from tests.control_plane.chaos.verdict import Row, fault_of

COMPLETED = Row("hint-1", "hint", "completed", None, None, has_result=True, asked=1, effects=1, answers=True)
FAILED = replace(COMPLETED, state="failed", code="worker_lost", sentence="Lost.", has_result=False, effects=0)
SILENT = replace(COMPLETED, kind="interview", effects=0, answers=False)


@pytest.mark.parametrize("row", [COMPLETED, FAILED, SILENT])
def test_a_good_end_is_no_fault(row: Row) -> None:
    assert fault_of(row, {"queued": 1, "running": 1, row.state: 1}) is None


@pytest.mark.parametrize(
    ("row", "told", "fault"),
    [
        (replace(COMPLETED, state="queued", has_result=False, effects=0), {}, "has not ended"),
        (replace(COMPLETED, asked=0), {}, "not one row of what was asked"),
        (replace(COMPLETED, asked=2), {}, "not one row of what was asked"),
        (replace(COMPLETED, has_result=False), {}, "not one result"),
        (replace(FAILED, has_result=True), {}, "not one result"),
        (replace(COMPLETED, effects=0), {}, "not one effect"),
        (replace(COMPLETED, effects=2), {}, "not one effect"),
        (replace(FAILED, effects=1), {}, "not one effect"),
        (replace(FAILED, sentence=""), {}, "no sentence"),
        (COMPLETED, {"queued": 2}, "not told once that it was queued"),
        (COMPLETED, {"running": 2}, "told twice that it runs"),
        (COMPLETED, {"completed": 2}, "not told once how it ended"),
        (FAILED, {"failed": 0}, "not told once how it ended"),
    ],
)
def test_each_fault_is_seen(row: Row, told: dict[str, int], fault: str) -> None:
    assert fault_of(row, {"queued": 1, row.state: 1, **told}) == fault


ANSWERED = Call(100.0, "answered", 101.0)
CUT = Call(100.0, "abandoned", 100.6)


@pytest.mark.parametrize(
    ("calls", "lost", "repeated"),
    [
        ([ANSWERED], Lost(0, (), ()), 0),
        ([], Lost(0, (), ()), 0),
        ([CUT, Call(110.0)], Lost(1, (), (100.5,)), 1),
        ([ANSWERED, Call(110.0)], Lost(1, (), (101.5,)), 1),
        ([ANSWERED, Call(130.0)], Lost(1, [(100.5, 120.0)], (115.0,)), 1),
        ([CUT, Call(110.0), Call(140.0)], Lost(2, (), (100.5, 110.5)), 2),
    ],
)
def test_a_call_that_went_with_its_pool_may_be_repeated(calls: list[Call], lost: Lost, repeated: int) -> None:
    assert judge_calls(calls, lost) == (repeated, None)


@pytest.mark.parametrize(
    ("calls", "lost"),
    [
        ([ANSWERED, Call(101.1)], Lost(0, (), ())),
        ([ANSWERED, Call(101.1)], Lost(0, (), (100.5,))),
        ([ANSWERED, Call(110.0)], Lost(1, (), (99.0,))),
        ([ANSWERED, Call(110.0)], Lost(1, (), (105.0,))),
        ([ANSWERED, Call(110.0)], Lost(1, (), (111.0,))),
        ([CUT, Call(110.0), Call(140.0)], Lost(2, (), (100.5,))),
    ],
)
def test_a_call_that_is_repeated_without_a_reason_is_seen(calls: list[Call], lost: Lost) -> None:
    assert judge_calls(calls, lost)[1]


def test_few_of_what_is_asked_is_past_a_limit() -> None:
    requests, limits = draw_requests(1, 2_000), limits_of(2_000)
    asked = Counter((each.what, each.room, each.user) for each in requests)
    past = sum(max(0, count - limits[what]) for (what, _, _), count in asked.items())
    assert 0 < past < 200


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_nothing_accepted_is_lost_and_nothing_is_asked_twice() -> None:
    verdict = await play(seed=1, requests=200, clients=50, every=20)
    assert verdict.violations == []
    accepted = verdict.counts["requests accepted"]
    assert accepted + verdict.counts["requests past a limit"] == 200
    assert verdict.counts["jobs completed"] + verdict.counts["jobs failed"] == accepted > 100
    assert verdict.counts["model calls"] >= verdict.counts["jobs completed"]
    assert all(blow.value in str(verdict.facts["killed"]) for blow in Blow)
