"""Waiting for work: its result or its error comes back, and what takes too long is left behind."""

from __future__ import annotations

import threading
import time
import weakref
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest

from aiplane.context import bounded, deadline
from aiplane.context.bounded import OutOfTimeError, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

WHO: ContextVar[str] = ContextVar("WHO")


def test_the_result_comes_back_from_a_thread_of_its_own_and_in_the_callers_context(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded, "_idle", [])  # other tests leave threads that wait, with names of their own
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


@contextmanager
def left_behind() -> Iterator[None]:
    """Wait in vain for work that ends after the block; its thread waits for other work then."""
    go_on, threads = threading.Event(), []

    def hang() -> None:
        threads.append(threading.current_thread())
        go_on.wait()

    with pytest.raises(OutOfTimeError):
        wait_for(hang, 0.05, name="job")
    yield
    go_on.set()
    while threads[0] not in bounded._idle:
        time.sleep(0.001)


def test_what_takes_too_long_is_left_behind() -> None:
    with left_behind():
        pass


def test_what_is_called_off_is_waited_for_no_longer_and_its_thread_works_on() -> None:
    go_on = threading.Event()
    with deadline.can_be_called_off() as call_off:
        threading.Timer(0.05, call_off.make).start()
        began = time.monotonic()
        with pytest.raises(OutOfTimeError):
            wait_for(go_on.wait, 60, name="job")
    assert time.monotonic() - began < 5
    go_on.set()
    assert wait_for(lambda: 1, 5, name="job") == 1


def test_a_thread_takes_the_next_work_and_never_the_work_of_one_that_hangs() -> None:
    first = wait_for(threading.get_ident, 5, name="job")
    assert wait_for(threading.get_ident, 5, name="job") == first

    with left_behind():
        assert wait_for(threading.get_ident, 5, name="job") != first


def test_a_thread_without_work_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "KEPT", 0.05)
    monkeypatch.setattr(bounded, "_idle", [])
    thread = wait_for(threading.current_thread, 5, name="job")
    thread.join(5)
    assert not thread.is_alive()
    assert thread not in bounded._idle


def test_nothing_holds_on_to_what_was_worked_with() -> None:
    class Recording:
        """Stands for tens of megabytes."""

    def work() -> weakref.ref[Recording]:
        return weakref.ref(held.pop())

    held = [Recording()]
    assert wait_for(work, 5, name="job")() is None
