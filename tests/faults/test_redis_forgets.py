"""Redis killed, and back without what it had answered last: whoever knows says so, none is paid twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults.stage import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.stage import Case, Stage


async def lose(stage: Stage, moment: dict[Path, int]) -> None:
    """Kill Redis, and bring it back without what it has written since ``moment``."""
    before = (await stage.client.info("server"))["run_id"]
    stage.redis.kill_and_forget(moment)
    stage.redis.start()

    async def another() -> bool:
        return (await stage.client.info("server"))["run_id"] != before

    await eventually(another, 5, "another server")


async def assert_completed_with_one_call(stage: Stage, *cases: Case) -> None:
    """The events of the queues are forgotten too, so Redis itself is asked how each job stands."""

    async def all_completed() -> bool:
        return all([await stage.bull.queue(case.queue).state(case.job) == "completed" for case in cases])

    await eventually(all_completed, 30, "end of the jobs")
    for case in cases:
        assert (await stage.record(case))["atm"] == "1"
        results = await stage.client.keys(f"bull:{case.queue}.results:result-{case.job}-*")
        assert len(results) == 1
        assert len(stage.provider.calls(case.name)) == 1
    assert await stage.client.keys("aiplane:bull:run:*") == []


async def test_that_a_job_was_taken(stage: Stage) -> None:
    await stage.bridge()
    # The second pool is idle, and is sent the run as if it were new.
    for _ in range(2):
        await stage.pool(slots=2)
    case = await stage.submit("delay=4")
    moment = stage.redis.written()
    await stage.called(case)
    await stage.claimed(case)
    await lose(stage, moment)
    await assert_completed_with_one_call(stage, case)


async def test_that_runs_have_outcomes_and_jobs_have_ended(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool(slots=5)
    cases = [await stage.submit("delay=1") for _ in range(5)]
    for case in cases:
        await stage.claimed(case)
    moment = stage.redis.written()
    await stage.ended(*cases)
    await lose(stage, moment)
    await assert_completed_with_one_call(stage, *cases)
