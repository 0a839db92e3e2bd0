"""Work either ends in time or is overdue, and the overseer is never asleep when somebody is."""

from __future__ import annotations

import threading
import time
import weakref
from contextvars import ContextVar

import pytest

from aiplane.worker.time_limits import Limit, TimeLimits

WHO: ContextVar[str] = ContextVar("WHO")


@pytest.fixture
def time_limits() -> TimeLimits:
    return TimeLimits()


def passed(time_limits: TimeLimits) -> None:
    """Return when whatever was due by now has been seen to be."""
    over = threading.Event()
    time_limits.limit(0, over.set)
    assert over.wait(5)


def test_what_overstays_is_overdue_in_its_own_context_and_another_thread(time_limits: TimeLimits) -> None:
    seen: list[object] = []
    over = threading.Event()

    def overdue() -> None:
        seen.extend((WHO.get(), threading.get_ident() == threading.main_thread().ident))
        over.set()

    WHO.set("the caller")
    limit = time_limits.limit(0.01, overdue)
    assert over.wait(5)
    assert seen == ["the caller", False]
    assert not limit.lift()


def test_what_has_ended_is_never_overdue(time_limits: TimeLimits) -> None:
    called: list[str] = []
    limit = time_limits.limit(0.01, lambda: called.append("overdue"))
    assert limit.lift()
    assert not limit.lift()
    while time.monotonic() <= limit.at:
        passed(time_limits)
    passed(time_limits)
    assert called == []


def test_a_shorter_limit_is_seen_while_a_longer_one_runs(time_limits: TimeLimits) -> None:
    longer = time_limits.limit(3_600, lambda: None)
    passed(time_limits)
    assert longer.lift()


def test_after_all_limits_were_lifted_the_next_one_is_seen(time_limits: TimeLimits) -> None:
    assert time_limits.limit(3_600, lambda: None).lift()
    passed(time_limits)


def test_who_comes_first_decides_and_only_one_does(time_limits: TimeLimits) -> None:
    overdue: list[int] = []
    limits: list[Limit] = [time_limits.limit(0, lambda number=n: overdue.append(number)) for n in range(500)]
    lifted = [number for number, limit in enumerate(limits) if limit.lift()]
    passed(time_limits)
    while len(lifted) + len(overdue) < len(limits):
        passed(time_limits)
    assert sorted(lifted + overdue) == list(range(len(limits)))


def test_what_is_overdue_does_not_keep_the_overseer_from_others(time_limits: TimeLimits) -> None:
    go_on = threading.Event()
    time_limits.limit(0, lambda: go_on.wait(30) and None)
    passed(time_limits)
    go_on.set()


def test_nothing_is_kept_of_a_limit_that_was_lifted(time_limits: TimeLimits) -> None:
    class Recording:
        """Stands for tens of megabytes."""

        def overdue(self) -> None:
            """Be called."""

    recording = Recording()
    held, limit = weakref.ref(recording), time_limits.limit(3_600, recording.overdue)
    assert limit.lift()
    del recording, limit
    assert held() is None
