"""A deadline is set once and only ever shortened."""

from __future__ import annotations

import contextvars
import math
import threading

from aiplane import deadline


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
