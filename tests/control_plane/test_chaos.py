"""The service under load while it, a pool, a bridge and Redis are killed, each once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.control_plane.chaos.driver import play
from tests.control_plane.chaos.plan import Blow
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


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_nothing_accepted_is_lost_and_nothing_is_asked_twice() -> None:
    verdict = await play(seed=1, requests=200, clients=50, every=5)
    assert verdict.violations == []
    assert verdict.counts["requests accepted"] == 200
    assert verdict.counts["jobs completed"] + verdict.counts["jobs failed"] == 200
    assert all(blow.value in str(verdict.facts["killed"]) for blow in Blow)
