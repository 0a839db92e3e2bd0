"""Parents and children: the plane runs both, and a parent waits for its children."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.payloads import HINT, REVIEW, behaving, hint

if TYPE_CHECKING:
    from tests.support.control_plane import ControlPlane, NodeQueue, Record


def flow(*children: Record) -> Record:
    """Return a review whose children must be done before it starts."""
    return {
        "name": REVIEW.job_name,
        "queueName": REVIEW.queue,
        "data": dict(REVIEW.payload),
        "children": list(children),
    }


def child(text: str = "", **options: object) -> Record:
    """Return a hint that a parent waits for."""
    data = hint(text) if text else hint()
    return {"name": HINT.job_name, "queueName": HINT.queue, "data": data, "opts": options}


def add(control: ControlPlane, *children: Record) -> tuple[str, list[str]]:
    """Add a flow and return the ids of the parent and of its children."""
    tree = control.add_flow(flow(*children))
    return tree["job"]["id"], [each["job"]["id"] for each in tree["children"]]


def test_a_parent_runs_after_its_children_and_sees_their_results(
    control: ControlPlane, hints: NodeQueue
) -> None:
    reviews = control.queue(REVIEW.queue)
    parent, children = add(control, child(), child(behaving("delay=0.3")))
    reviews.results.consume().answer(parent)
    reviews.watch().wait(parent, "completed")

    results = [hints.results.consume().answer(each)["data"] for each in children]
    seen = reviews.call_job(parent, "getChildrenValues")
    assert [seen[f"{hints.key}:{each}"] for each in children] == results
    started = reviews.job(parent)["processedOn"]
    assert all(hints.job(each)["finishedOn"] <= started for each in children)
    assert hints.job(children[0])["parentKey"] == f"{reviews.key}:{parent}"


def test_a_child_that_fails_can_fail_its_parent(control: ControlPlane, hints: NodeQueue) -> None:
    reviews = control.queue(REVIEW.queue)
    parent, [failing, _] = add(control, child(behaving("status=401"), failParentOnFailure=True), child())
    failed = reviews.watch().wait(parent, "failed")

    assert f"{hints.key}:{failing}" in failed["failedReason"]
    assert reviews.job(parent)["state"] == "failed"
    assert reviews.results.consume().answers(parent) == []


def test_a_child_whose_failure_is_ignored_lets_its_parent_run(
    control: ControlPlane, hints: NodeQueue
) -> None:
    reviews = control.queue(REVIEW.queue)
    parent, [failing, other] = add(
        control, child(behaving("status=401"), ignoreDependencyOnFailure=True), child()
    )
    reviews.results.consume().answer(parent)
    reviews.watch().wait(parent, "completed")

    [reason] = reviews.call_job(parent, "getIgnoredChildrenFailures").values()
    assert reason == hints.job(failing)["failedReason"]
    assert list(reviews.call_job(parent, "getChildrenValues")) == [f"{hints.key}:{other}"]


def test_a_child_that_is_dropped_when_it_fails_lets_its_parent_run(
    control: ControlPlane, hints: NodeQueue
) -> None:
    reviews = control.queue(REVIEW.queue)
    parent, _ = add(control, child(behaving("status=401"), removeDependencyOnFailure=True))

    reviews.results.consume().answer(parent)


def test_a_parent_that_goes_on_as_soon_as_a_child_fails_ends_with_one_result(
    control: ControlPlane, hints: NodeQueue
) -> None:
    reviews = control.queue(REVIEW.queue)
    parent, [failing, slow] = add(
        control, child(behaving("status=401"), continueParentOnFailure=True), child(behaving("delay=1"))
    )
    reviews.watch().wait(parent, "active")
    still_pending = hints.job(slow)["state"]
    # BullMQ completes no parent that has a child left, so this takes another attempt at the least.
    reviews.watch().wait(parent, "completed")

    assert still_pending == "active"
    assert reviews.results.consume().answer(parent)["data"] == reviews.job(parent)["returnvalue"]
    assert list(reviews.call_job(parent, "getIgnoredChildrenFailures")) == [f"{hints.key}:{failing}"]


def test_a_child_is_retried_before_its_parent_hears_of_it(control: ControlPlane, hints: NodeQueue) -> None:
    reviews = control.queue(REVIEW.queue)
    options = {"attempts": 2, "backoff": {"type": "fixed", "delay": 40}, "failParentOnFailure": True}
    parent, [once] = add(control, child(behaving("times=1 status=503"), **options))
    reviews.results.consume().answer(parent)

    assert hints.job(once)["attemptsMade"] == 2
