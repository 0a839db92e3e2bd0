"""A person cancels a job: it fails for good with a code of its own, wherever it is and whoever holds it."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.ledger.runs import run_id
from tests.faults.ledger import leftovers
from tests.faults.stage import OPENED_ALONE, eventually
from tests.support.processes import Process

if TYPE_CHECKING:
    from tests.faults.stage import Case, Stage

REASON = "cancelled: The job was cancelled."


async def celery(stage: Stage, *line: str, status: int = 0) -> str:
    """Run ``celery -A aiplane`` as a person does, and return what it wrote."""
    with Process("celery", ["celery", "-A", "aiplane", *line], env=stage.plane.env) as process:
        assert await asyncio.to_thread(process.wait) == status, process.tail()
        return "\n".join(process.lines)


async def cancel(stage: Stage, *cases: Case, status: int = 0) -> list[dict[str, Any]]:
    wanted = [case.job for case in cases]
    written = await celery(stage, "cancel", "hint", *wanted, "--json", status=status)
    jobs: list[dict[str, Any]] = json.loads(written[written.index("{") : written.rindex("}") + 1])["jobs"]
    return jobs


async def run_of(stage: Stage, case: Case) -> str:
    record = await stage.record(case)
    return run_id(case.queue, case.job, int(record["timestamp"]), int(record.get("atm", 0)))


async def assert_cancelled(stage: Stage, case: Case) -> None:
    """Check that a job has failed once, for good, and has a dead letter."""
    assert (await stage.event(case, "failed")).fields["failedReason"] == REASON
    record = await stage.record(case)
    assert record["failedReason"] == REASON
    letters = stage.bull.queue(f"{case.queue}.dlq")
    ids = [each for each in await stage.client.lrange(letters.key("wait"), 0, -1) if f"-{case.job}-" in each]
    [letter] = [json.loads((await letters.data(each)) or "") for each in ids]
    assert (letter["jobId"], letter["code"], letter["failedReason"]) == (case.job, "cancelled", REASON)
    assert not stage.journal.of(f"{case.queue}.results", f"result-{case.job}", "added")


async def clean(stage: Stage) -> bool:
    kept = [key for key in await leftovers(stage.client) if ":cancelled:" not in key]
    return not kept


async def test_a_job_that_runs_ends_at_once_with_its_call_and_its_slot_is_free(stage: Stage) -> None:
    await stage.bridge()
    pool = await stage.pool(slots=1)
    running = await stage.submit("hang")
    await stage.called(running)
    behind_it = await stage.submit()

    began = time.monotonic()
    [told] = await cancel(stage, running)
    assert told == {"job": running.job, "was": "active", "cancelled": True, "settled": True}
    await asyncio.to_thread(stage.provider.wait_for, running.name, outcome="abandoned", timeout=5)
    await stage.event(behind_it, "completed", seconds=5)
    assert time.monotonic() - began < 15
    await assert_cancelled(stage, running)
    await asyncio.to_thread(pool.wait_for_log, "work that was left behind has ended", 5)
    assert len(stage.provider.calls(running.name)) == 1
    await eventually(lambda: clean(stage), 10, "ledger without it")


@pytest.mark.parametrize("command", [("revoke",), ("terminate", "SIGKILL")], ids=lambda words: words[0])
async def test_revoke_and_terminate_mean_the_same(stage: Stage, command: tuple[str, ...]) -> None:
    await stage.bridge()
    await stage.pool(slots=1)
    running = await stage.submit("hang")
    await stage.called(running)
    waiting = await stage.submit()
    runs = [await run_of(stage, running), await run_of(stage, waiting)]

    told = await celery(stage, "control", "--timeout", "5", *command, *runs)
    assert f"Job {running.job} of {running.queue} was active" in told
    assert f"Job {waiting.job} of {waiting.queue} was waiting" in told
    await asyncio.to_thread(stage.provider.wait_for, running.name, outcome="abandoned", timeout=5)
    for case in (running, waiting):
        await assert_cancelled(stage, case)
    assert not stage.provider.calls(waiting.name)
    told = await celery(stage, "control", "--timeout", "5", *command, runs[0])
    assert "is cancelled already" in told

    # Given another chance, it is the same run again, and nobody remembers that it was revoked.
    await celery(stage, "dead", "retry", "hint", waiting.job)
    await stage.event(waiting, "completed")


async def test_a_job_that_does_not_run_never_will(stage: Stage) -> None:
    waiting = await stage.submit()
    delayed = await stage.submit(delay=600_000)
    first = await stage.submit(priority=7)
    told = asyncio.create_task(cancel(stage, waiting, delayed, first))
    await asyncio.sleep(0)
    await stage.bridge()
    await stage.pool()
    assert [each["was"] for each in await told] == ["waiting", "delayed", "prioritized"]
    for case in (waiting, delayed, first):
        await assert_cancelled(stage, case)
        assert not stage.provider.calls(case.name)
    await eventually(lambda: clean(stage), 10, "ledger without them")


async def test_what_is_over_or_is_not_says_so(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool()
    done, refused = await stage.submit(), await stage.submit("status=401")
    await stage.ended(done, refused)
    said = await celery(stage, "cancel", "hint", done.job, refused.job, status=1)
    assert f"Job {done.job} of {done.queue} is not cancelled: it is finished, and has completed." in said
    assert f"Job {refused.job} of {refused.queue} is not cancelled: it is finished, and has failed" in said
    for strange in ("nobody", "meta", "wait"):
        assert f"There is no job {strange} in" in await celery(stage, "cancel", "hint", strange, status=1)


@pytest.mark.parametrize("options", [{}, OPENED_ALONE], ids=["opened as it is taken", "opened alone"])
async def test_it_is_cancelled_whichever_bridge_lives(stage: Stage, options: dict[str, Any]) -> None:
    bridge = await stage.bridge()
    await stage.pool(slots=2)
    running = await stage.submit("hang", **options)
    await stage.called(running)
    waiting = await stage.submit(delay=600_000)
    bridge.kill()

    run, later = await run_of(stage, running), await run_of(stage, waiting)
    told = await celery(stage, "control", "--timeout", "5", "revoke", run, later)
    assert "was active" in told
    assert "was delayed" in told
    await asyncio.to_thread(stage.provider.wait_for, running.name, outcome="abandoned", timeout=5)
    await stage.bridge()
    for case in (running, waiting):
        await assert_cancelled(stage, case)


async def test_a_person_s_own_task_is_terminated(stage: Stage) -> None:
    await stage.pool(slots=1)
    text = "# [[case: own]] [[provider: hang]]"
    payload = {"problemDescription": text, "currentCode": "", "language": "python", "hintLevel": "gentle"}
    task = "tasks.hint.generate_hint"
    sent = await celery(stage, "call", task, "--args", json.dumps([payload]))
    await asyncio.to_thread(stage.provider.wait_for, "own", timeout=20)
    await celery(stage, "control", "--timeout", "5", "terminate", "TERM", sent.splitlines()[-1])
    await asyncio.to_thread(stage.provider.wait_for, "own", outcome="abandoned", timeout=5)
