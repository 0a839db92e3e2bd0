"""Which job is next: priorities, delays, the head of the line; as in BullMQ's own worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.interop.payloads import HINT, hint

if TYPE_CHECKING:
    from tests.support.control_plane import NodeQueue, Record


def some(*options: Record) -> list[Record]:
    """Return hint jobs with these options, for one transaction: a worker sees all of them or none."""
    return [{"name": HINT.job_name, "data": hint(), "opts": each} for each in options]


def test_jobs_are_taken_in_the_order_in_which_they_came(hints: NodeQueue) -> None:
    jobs = hints.add_bulk(some(*[{}] * 8))

    assert hints.watch().order("active", jobs) == jobs


def test_the_smaller_priority_goes_first_and_none_before_all(hints: NodeQueue) -> None:
    a, b, c, d, e = hints.add_bulk(
        some({"priority": 10}, {"priority": 2}, {}, {"priority": 10}, {"priority": 1})
    )

    assert hints.watch().order("active", [a, b, c, d, e]) == [c, e, b, a, d]


def test_lifo_goes_to_the_head_of_the_line(hints: NodeQueue) -> None:
    a, b, c = hints.add_bulk(some({}, {"lifo": True}, {"lifo": True}))

    assert hints.watch().order("active", [a, b, c]) == [c, b, a]


def test_a_delayed_job_starts_when_it_is_due_and_not_before(hints: NodeQueue) -> None:
    later, soon = hints.add_bulk(some({"delay": 1200}, {"delay": 300}))
    for job in (later, soon):
        hints.watch().wait(job, "completed")

    for job, delay in ((later, 1200), (soon, 300)):
        record = hints.job(job)
        assert 0 <= record["processedOn"] - record["timestamp"] - delay < 500


def test_a_promoted_job_starts_at_once(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(), {"delay": 600_000})
    hints.call_job(job, "promote")
    hints.watch().wait(job, "completed")

    assert hints.job(job)["delay"] == 0


def test_a_delay_that_is_changed_holds(hints: NodeQueue) -> None:
    job = hints.add(HINT.job_name, hint(), {"delay": 600_000})
    hints.call_job(job, "changeDelay", 200)

    hints.watch().wait(job, "completed")


def test_a_priority_that_is_changed_holds(hints: NodeQueue) -> None:
    hints.call("pause")
    first, second = hints.add_bulk(some({"priority": 5}, {"priority": 6}))
    hints.call_job(second, "changePriority", {"priority": 1})
    hints.call("resume")

    assert hints.watch().order("active", [first, second]) == [second, first]


def test_a_waiting_job_that_is_removed_never_runs(hints: NodeQueue) -> None:
    hints.call("pause")
    kept, removed = hints.add_bulk(some({}, {}))
    hints.call_job(removed, "remove")
    hints.call("resume")
    hints.watch().wait(kept, "completed")

    assert "active" not in [event["event"] for event in hints.watch().of(removed)]
