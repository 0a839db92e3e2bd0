"""Slots: who is woken when one becomes free, what holds one, and who waits for what at the end."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest

from aiplane.worker.pool import SlotPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLOTS = 2
ENDS: list[threading.Event] = []
"""What gives back the slots that a test has taken; one that fails may not have."""


class Loop:
    """Counts how often it is woken."""

    def __init__(self) -> None:
        self.woken = threading.Semaphore(0)

    def call_soon(self, callback: Callable[[], None]) -> None:
        callback()
        self.woken.release()


@pytest.fixture
def pool() -> Iterator[SlotPool]:
    running = SlotPool(SLOTS)
    running.start()
    yield running
    while ENDS:
        ENDS.pop().set()
    running.stop()


@pytest.fixture
def loop(pool: SlotPool) -> Loop:
    loop = Loop()
    pool.register_with_event_loop(loop)
    return loop


def occupy(pool: SlotPool, slots: int) -> list[threading.Event]:
    """Take so many slots; setting an event of these gives one back."""
    ends = [threading.Event() for _ in range(slots)]
    ENDS.extend(ends)
    for end in ends:
        pool.apply_async(end.wait, callback=lambda _: None)
    return ends


def test_a_slot_of_a_full_pool_wakes_the_loop_when_it_is_free(pool: SlotPool, loop: Loop) -> None:
    first, last = occupy(pool, SLOTS)
    first.set()
    assert loop.woken.acquire(timeout=5)

    last.set()
    pool.on_stop()
    assert not loop.woken.acquire(blocking=False)


def test_where_a_slot_is_free_the_loop_is_not_woken(pool: SlotPool, loop: Loop) -> None:
    for end in occupy(pool, SLOTS - 1):
        end.set()
    pool.on_stop()

    assert not loop.woken.acquire(blocking=False)


def test_a_slot_that_was_removed_meanwhile_does_not_hide_a_free_one(pool: SlotPool, loop: Loop) -> None:
    ends = occupy(pool, SLOTS)
    pool.shrink()
    for end in ends:
        end.set()
        assert loop.woken.acquire(timeout=5)


def test_work_that_was_left_behind_holds_no_slot(pool: SlotPool, loop: Loop) -> None:
    overdue, last = occupy(pool, SLOTS)
    pool.leave_behind()
    assert loop.woken.acquire(timeout=5)
    assert (pool.num_processes, pool.limit) == (SLOTS + 1, SLOTS)

    overdue.set()
    pool.take_back()
    assert (pool.num_processes, pool.limit) == (SLOTS, SLOTS)
    last.set()


def test_a_pool_that_stops_waits_for_what_runs_but_not_for_what_was_left_behind(pool: SlotPool) -> None:
    overdue, last = occupy(pool, SLOTS)
    pool.leave_behind()
    stopped = threading.Thread(target=pool.stop)
    stopped.start()
    stopped.join(0.05)
    assert stopped.is_alive()

    last.set()
    stopped.join(5)
    assert not stopped.is_alive()
    assert not overdue.is_set()


def test_a_thread_takes_the_next_work_also_when_the_last_one_failed(pool: SlotPool) -> None:
    def fail() -> None:
        raise RuntimeError

    did: SimpleQueue[int] = SimpleQueue()
    for work in (fail, lambda: did.put(threading.get_ident()), lambda: did.put(threading.get_ident())):
        pool.apply_async(work, callback=lambda _: None)
    assert {did.get(timeout=5), did.get(timeout=5)}
    pool.on_stop()
    assert pool.info["threads"] <= SLOTS + 1


def test_there_are_never_more_threads_than_the_most_slots(
    pool: SlotPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiplane.worker.pool.MAX_SLOTS", 1)
    first, _ = occupy(pool, 2)
    assert pool.info["threads"] == 1
    stopped = threading.Thread(target=pool.stop)
    stopped.start()
    # What no thread has begun is forgotten: Celery has not told anybody that it has.
    first.set()
    stopped.join(5)
    assert not stopped.is_alive()
