"""What runs in a pool is ended once, by its key, in the context in which it runs."""

from __future__ import annotations

from contextvars import ContextVar

from aiplane.worker.calling_off import Running

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


def test_work_is_ended_once_and_in_its_own_context() -> None:
    running, ended = Running(), []
    mark = WHO.set("work")
    with running.ended_by("a", lambda: ended.append(WHO.get())):
        WHO.reset(mark)
        assert running.end(["a", "b"]) == ["a"]
        assert running.end(["a"]) == []
    assert ended == ["work"]


def test_work_that_is_over_is_not_ended() -> None:
    running = Running()
    with running.ended_by("a", lambda: None):
        pass
    assert running.end(["a"]) == []


def test_what_people_sent_is_counted_while_it_runs() -> None:
    running = Running()
    with running.ended_by("job", lambda: None), running.ended_by("own", lambda: None, lent=True):
        assert running.lent == 1
    assert running.lent == 0
