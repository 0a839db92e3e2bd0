"""Work either ends in time or is overdue, and the overseer is never asleep when somebody is."""

from __future__ import annotations

import threading
import time
import weakref
from contextvars import ContextVar

import pytest

from aiplane.worker.time_limits import Limit, Overseer

WHO: ContextVar[str] = ContextVar("WHO")


@pytest.fixture
def overseer() -> Overseer:
    return Overseer()


def passed(overseer: Overseer) -> None:
    """Return when whatever was due by now has been seen to be."""
    over = threading.Event()
    overseer.limit(0, over.set)
    assert over.wait(5)


def test_what_overstays_is_overdue_in_its_own_context_and_another_thread(overseer: Overseer) -> None:
    seen: list[object] = []
    over = threading.Event()

    def overdue() -> None:
        seen.extend((WHO.get(), threading.get_ident() == threading.main_thread().ident))
        over.set()

    WHO.set("the caller")
    limit = overseer.limit(0.01, overdue)
    assert over.wait(5)
    assert seen == ["the caller", False]
    assert not limit.lift()


def test_what_has_ended_is_never_overdue(overseer: Overseer) -> None:
    called: list[str] = []
    limit = overseer.limit(0.01, lambda: called.append("overdue"))
    assert limit.lift()
    assert not limit.lift()
    while time.monotonic() <= limit.at:
        passed(overseer)
    passed(overseer)
    assert called == []


def test_a_shorter_limit_is_seen_while_a_longer_one_runs(overseer: Overseer) -> None:
    longer = overseer.limit(3_600, lambda: None)
    passed(overseer)
    assert longer.lift()


def test_after_all_limits_were_lifted_the_next_one_is_seen(overseer: Overseer) -> None:
    assert overseer.limit(3_600, lambda: None).lift()
    passed(overseer)


def test_who_comes_first_decides_and_only_one_does(overseer: Overseer) -> None:
    overdue: list[int] = []
    limits: list[Limit] = [overseer.limit(0, lambda number=n: overdue.append(number)) for n in range(500)]
    lifted = [number for number, limit in enumerate(limits) if limit.lift()]
    passed(overseer)
    while len(lifted) + len(overdue) < len(limits):
        passed(overseer)
    assert sorted(lifted + overdue) == list(range(len(limits)))


def test_what_is_overdue_does_not_keep_the_overseer_from_others(overseer: Overseer) -> None:
    go_on = threading.Event()
    overseer.limit(0, lambda: go_on.wait(30) and None)
    passed(overseer)
    go_on.set()


def test_nothing_is_kept_of_a_limit_that_was_lifted(overseer: Overseer) -> None:
    class Recording:
        """Stands for tens of megabytes."""

        def overdue(self) -> None:
            """Be called."""

    recording = Recording()
    held, limit = weakref.ref(recording), overseer.limit(3_600, recording.overdue)
    assert limit.lift()
    del recording, limit
    assert held() is None
