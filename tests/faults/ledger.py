"""The one assertion behind every fault: each job ended once, was answered once, and was paid for once."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.faults.stage import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis.asyncio import Redis

    from aiplane.bull import Bull
    from tests.faults.stage import Case, Stage

LISTS, SORTED_SETS = ("wait", "active", "paused"), ("delayed", "prioritized", "waiting-children")


async def assert_nothing_lost(
    stage: Stage, *, lost: Mapping[Case, int] | None = None, refused: Mapping[Case, int] | None = None
) -> None:
    """Check every job of a stage and everything that Redis holds, once all jobs have ended.

    Args:
        stage: the stage; all of its cases count.
        lost: how many attempts of a case ended because their worker was killed. It is exact: as many are on
            the job's record.
        refused: how many of a case's calls the provider was told to refuse.
    """
    await stage.ended()
    for case in stage.cases:
        await _assert_paid_once(stage, case, (lost or {}).get(case, 0), (refused or {}).get(case, 0))
    for queue in {case.queue for case in stage.cases}:
        _assert_answered_once(stage, queue)
        await eventually(lambda queue=queue: _drained(stage, queue), 5, f"empty {queue}")
    await eventually(lambda: _clean(stage), 10, lambda: f"Redis without {stage.leftovers}")
    await eventually(lambda: _only_the_living_are_leased(stage), 5, "end of the leases of the dead")


async def _assert_paid_once(stage: Stage, case: Case, lost: int, refused: int) -> None:
    ends = stage.journal.of(case.queue, case.job, "completed", "failed")
    assert len(ends) == 1, f"{case} ended {len(ends)} times: {ends}"
    calls, record = len(stage.provider.calls(case.name)), await stage.record(case)
    assert calls <= 1 + lost + refused, f"{case} was paid for {calls} times"
    if not record:
        return  # Its options had it removed when it ended.
    attempts, traces = int(record["atm"]), json.loads(record.get("stacktrace", "[]"))
    assert sum(trace.startswith("worker_lost") for trace in traces) == lost, traces
    assert calls <= attempts <= 1 + lost + refused, f"{case} made {attempts} attempts"
    assert "stc" not in record, f"{case} counts as stalled"


def _assert_answered_once(stage: Stage, queue: str) -> None:
    ours = {case.job for case in stage.cases if case.queue == queue}
    for event, neighbour, mark in (("completed", "results", "result"), ("failed", "dlq", "dead")):
        ended = Counter(job for job in stage.journal.jobs(queue, event) if job in ours)
        added = stage.journal.jobs(f"{queue}.{neighbour}", "added")
        answers = Counter(each.removeprefix(f"{mark}-").rpartition("-")[0] for each in added)
        assert len(added) == len(set(added)), f"{neighbour} hold the same twice"
        assert {job: answers[job] for job in ours if answers[job]} == ended


async def _drained(stage: Stage, queue: str) -> bool:
    return not await undrained(stage.bull, queue)


async def _clean(stage: Stage) -> bool:
    killed = sum(not each.alive and each.name != "bridge" for each in stage.plane.processes)
    stage.leftovers = await leftovers(stage.client, killed_pools=killed)
    return not stage.leftovers


async def undrained(bull: Bull, queue: str) -> dict[str, int]:
    """Count what is in the lists of a queue in which nothing should be once all work is done."""
    key, redis = bull.queue(queue).key, bull.redis
    counts = {name: await redis.llen(key(name)) for name in LISTS}
    counts |= {name: await redis.zcard(key(name)) for name in SORTED_SETS}
    return {name: count for name, count in counts.items() if count}


async def leftovers(redis: Redis, *, killed_pools: int = 0) -> list[str]:
    """Return the keys that belong to work under way: of the ledger, of Celery, and BullMQ's locks.

    A pool that was killed with a message in its hand leaves that message among the unacknowledged. Celery
    delivers it again when its visibility timeout is over, and then its run is gone: so it harms nobody, and
    there is one for each such pool at the most.
    """
    keys = await redis.keys("*")
    left = [key for key in keys if ":run:" in key or "celery-task-meta" in key or key.endswith(":lock")]
    # Bindings say where messages would go; the mutex of a cut connection expires by itself.
    lasting = ["_kombu.binding", "unacked_mutex"]
    if 0 < await redis.hlen("aiplane:bull:celery:unacked") <= killed_pools:
        lasting += ["unacked"]
    return left + [key for key in keys if ":celery:" in key and not any(word in key for word in lasting)]


async def _only_the_living_are_leased(stage: Stage) -> bool:
    fresh = await stage.client.zrangebyscore("aiplane:bull:leases", time.time() * 1000 - 1500, "+inf")
    holders = await stage.client.hgetall("aiplane:bull:holders")
    return {json.loads(holders[each])["pid"] for each in fresh if each in holders} <= stage.living()
