"""Faults with Node on the other side: pauses, retries by hand, flows and schedulers, while bridges die."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.ledger import assert_nothing_lost
from tests.faults.stage import Case, eventually, payload
from tests.interop.payloads import HINT, REVIEW
from tests.support.control_plane import ControlPlane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults.stage import Stage
    from tests.support.control_plane import Inbox, NodeQueue
    from tests.support.redis_server import RedisServer

Nodes = dict[str, ControlPlane]


@pytest.fixture
def nodes(redis_server: RedisServer) -> Iterator[Nodes]:
    """A control plane of each major of BullMQ."""
    with ExitStack() as stack:
        yield {major: stack.enter_context(ControlPlane(major, redis_server.url)) for major in ("5", "6")}


def add(stage: Stage, queue: NodeQueue, does: str = "", **options: Any) -> Case:
    name = f"node-{uuid.uuid4().hex[:12]}"
    job = queue.add(HINT.job_name, payload("hint", name, does), {"attempts": 3, **options})
    return stage.expect(Case("hint", queue.name, job, name))


async def consumed_once(inbox: Inbox, cases: list[Case]) -> None:
    """Wait until Node has consumed one result of each case, and check that there is no second."""
    for case in cases:
        await asyncio.to_thread(inbox.answer, case.job)
    assert {case.job: len({item["id"] for item in inbox.answers(case.job)}) for case in cases} == {
        case.job: 1 for case in cases
    }


@pytest.mark.parametrize(
    ("pauser", "resumer"),
    [
        pytest.param("5", "5", marks=pytest.mark.slow),
        ("5", "6"),
        pytest.param("6", "5", marks=pytest.mark.slow),
        pytest.param("6", "6", marks=pytest.mark.slow),
    ],
)
async def test_a_pause_under_load_loses_nothing(
    stage: Stage, nodes: Nodes, pauser: str, resumer: str
) -> None:
    await stage.bridge()
    await stage.pool(slots=3)
    queues = {major: node.queue(HINT.queue) for major, node in nodes.items()}
    inbox = queues["5"].results.consume()
    cases = [add(stage, queues[each], "delay=0.5") for each in "565656"]
    retried = add(stage, queues["5"], "times=1 status=503", backoff={"type": "fixed", "delay": 200})
    delayed = add(stage, queues["6"], delay=1500)
    queues[pauser].call("pause")
    cases += [add(stage, queues[each], "delay=0.1") for each in "5656"]
    bridge = stage.plane.processes[0]
    bridge.kill()
    assert not bridge.alive
    await stage.bridge()
    await eventually(lambda: in_one_list(stage), 10, "paused jobs in one list")
    assert queues["6"].call("isPaused")
    queues[resumer].call("resume")
    await assert_nothing_lost(stage, refused={retried: 1})
    await consumed_once(inbox, [*cases, retried, delayed])


async def in_one_list(stage: Stage) -> bool:
    """Whether the paused jobs are where no resume destroys them."""
    key = stage.bull.queue(HINT.queue).key
    in_both = await stage.client.exists(key("wait"), key("paused")) == 2
    return not in_both and not await stage.client.llen(key("active"))


async def test_a_retry_by_hand_with_reset_attempts_runs_again_and_answers_again(
    stage: Stage, nodes: Nodes
) -> None:
    await stage.bridge()
    await stage.pool()
    queue = nodes["6"].queue(HINT.queue)
    inbox = queue.results.consume()
    failed = queue.add(HINT.job_name, payload("hint", "by-hand", "times=1 status=401"), {"attempts": 1})
    completed = queue.add(HINT.job_name, payload("hint", "once-more"), {"attempts": 1})
    await stage.journal.event(HINT.queue, failed, "failed")
    await stage.journal.event(HINT.queue, completed, "completed")
    for job, state in ((failed, "failed"), (completed, "completed")):
        await asyncio.to_thread(
            queue.call_job, job, "retry", state, {"resetAttemptsMade": True, "resetAttemptsStarted": True}
        )
    await stage.journal.event(HINT.queue, failed, "completed")
    await stage.journal.event(HINT.queue, completed, "completed", count=2)
    await asyncio.to_thread(inbox.answer, failed)
    await asyncio.to_thread(inbox.answer, completed, count=2)
    assert len(stage.provider.calls("by-hand")) == 2
    assert len(stage.provider.calls("once-more")) == 2
    assert {queue.job(job)["attemptsMade"] for job in (failed, completed)} == {1}


async def test_flows_and_schedulers_go_on_while_bridges_are_killed(stage: Stage, nodes: Nodes) -> None:
    bridge = await stage.bridge()
    await stage.pool()
    await stage.pool("review")
    node = nodes["5"]
    hints, reviews = node.queue(HINT.queue), node.queue(REVIEW.queue)
    inboxes = {queue.name: queue.results.consume() for queue in (hints, reviews)}
    scheduler = f"s{uuid.uuid4().hex}"
    template = {"name": HINT.job_name, "data": payload("hint", scheduler), "opts": {"attempts": 3}}
    hints.call("upsertJobScheduler", scheduler, {"every": 1000}, template)
    cases = []
    for _ in range(3):
        cases += add_flow(stage, node)
        bridge.kill()
        assert not bridge.alive
        bridge = await stage.bridge()
    iterations = [0]

    def four_iterations() -> bool:
        jobs = [
            job
            for job in stage.journal.jobs(HINT.queue, "completed")
            if job.startswith(f"repeat:{scheduler}:")
        ]
        iterations[0] = len(jobs)
        return len(set(jobs)) >= 4

    await stage.journal.until(four_iterations, 40, "four iterations of the scheduler")
    hints.call("removeJobScheduler", scheduler)
    await assert_nothing_lost(stage)
    for name, inbox in inboxes.items():
        await consumed_once(inbox, [case for case in cases if case.queue == name])


def add_flow(stage: Stage, node: ControlPlane) -> list[Case]:
    """Add a review that waits for two hints."""
    names = [f"flow-{uuid.uuid4().hex[:12]}" for _ in range(3)]
    hints = [
        {
            "name": HINT.job_name,
            "queueName": HINT.queue,
            "data": payload("hint", name, "delay=1"),
            "opts": {"attempts": 3},
        }
        for name in names[1:]
    ]
    parent = {
        "name": REVIEW.job_name,
        "queueName": REVIEW.queue,
        "data": payload("review", names[0]),
        "opts": {"attempts": 3},
    }
    tree = node.add_flow({**parent, "children": hints})
    added = [("review", REVIEW.queue, tree["job"]["id"])]
    added += [("hint", HINT.queue, child["job"]["id"]) for child in tree["children"]]
    return [stage.expect(Case(*each, name)) for each, name in zip(added, names, strict=True)]
