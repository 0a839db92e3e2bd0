"""Waiting for work: its result or its error comes back, and what takes too long is left behind."""

from __future__ import annotations

import threading
from contextvars import ContextVar

import pytest

from aiplane.patience import OutOfPatienceError, wait_for

WHO: ContextVar[str] = ContextVar("WHO")


def test_the_result_comes_back_from_a_thread_of_its_own_and_in_the_callers_context() -> None:
    WHO.set("caller")
    name, who = wait_for(lambda: (threading.current_thread().name, WHO.get()), 5, name="job")
    assert (name, who) == ("job", "caller")


def test_an_error_comes_back_as_it_is() -> None:
    with pytest.raises(KeyError, match="inside"):
        wait_for(lambda: {}["inside"], 5, name="job")


def test_a_timeout_of_the_work_is_not_taken_for_ours() -> None:
    def work() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        wait_for(work, 5, name="job")


def test_what_takes_too_long_is_left_behind() -> None:
    go_on = threading.Event()
    with pytest.raises(OutOfPatienceError):
        wait_for(go_on.wait, 0.05, name="job")
    go_on.set()
