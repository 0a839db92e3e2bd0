"""A deadline is set once and only ever shortened."""

from __future__ import annotations

import contextvars
import math
import threading

from aiplane.context import deadline


def test_without_a_deadline_there_is_all_the_time() -> None:
    assert deadline.remaining() == math.inf


def test_an_inner_deadline_shortens_and_never_lengthens() -> None:
    with deadline.within(100):
        with deadline.within(10):
            assert deadline.remaining() <= 10
        with deadline.within(1000):
            assert deadline.remaining() <= 100
        assert 99 < deadline.remaining() <= 100
    assert deadline.remaining() == math.inf


def test_a_deadline_that_has_passed_leaves_nothing() -> None:
    with deadline.within(0):
        assert deadline.remaining() == 0


def test_a_deadline_goes_where_the_context_goes() -> None:
    seen: list[float] = []
    with deadline.within(5):
        context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: seen.append(context.run(deadline.remaining)))
    thread.start()
    thread.join()
    assert seen[0] <= 5


def test_work_that_is_called_off_has_no_time_left_and_its_waits_are_broken_off() -> None:
    broken: list[str] = []
    with deadline.can_be_called_off() as call_off, deadline.within(100):
        with deadline.broken_off_by(lambda: broken.append("over")):
            pass
        with deadline.broken_off_by(lambda: broken.append("waiting")):
            call_off.make()
        assert deadline.remaining() == 0
        with deadline.broken_off_by(lambda: broken.append("begun since")):
            pass
    assert broken == ["waiting", "begun since"]
    assert deadline.remaining() == math.inf
