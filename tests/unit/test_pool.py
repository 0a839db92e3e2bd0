"""The worker's loop is woken when a slot becomes free that it waits for, and for nothing else."""

from __future__ import annotations

import threading
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
