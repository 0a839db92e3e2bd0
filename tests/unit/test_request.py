"""A message in a pool: who acknowledges it, what revokes it, and that it holds no slot for ever."""

from __future__ import annotations

import time
from queue import SimpleQueue
from types import SimpleNamespace

import pytest
from celery.worker import state

from aiplane.ledger.runs import RUN_HEADER
from aiplane.worker.application import Application
from aiplane.worker.request import JobRequest


class Message:
    """A message as kombu gives it to Celery."""

    body, content_type, content_encoding = "[[], {}, {}]", "application/json", "utf-8"
    payload = ([], {}, {})
    delivery_info: dict[str, str] = {}  # noqa: RUF012
    properties: dict[str, str] = {}  # noqa: RUF012

    def __init__(self, **headers: object) -> None:
        self.headers = {"id": "1", "task": "a", **headers}
        self.acknowledged = 0

    def ack(self) -> None:
        self.acknowledged += 1


def request(message: Message) -> tuple[JobRequest, list[object]]:
    by_loop: list[object] = []
    app = Application("test", set_as_current=False)

    @app.task(name="a")
    def task() -> None: ...

    made = JobRequest(message, app=app, task=task, on_ack=lambda *given: by_loop.append(given), hostname="h")
    return made, by_loop


def test_a_runs_message_is_acknowledged_at_once_and_once() -> None:
    message = Message(**{RUN_HEADER: {"run": "a", "queue": "b", "job": "c"}})
    made, by_loop = request(message)
    made.acknowledge()
    made.acknowledge()

    assert (message.acknowledged, by_loop, made.acknowledged) == (1, [], True)


@pytest.mark.parametrize("times", [1, 2])
def test_a_persons_message_is_acknowledged_by_the_loop(times: int) -> None:
    message = Message()
    made, by_loop = request(message)
    for _ in range(times):
        made.acknowledge()

    assert (message.acknowledged, len(by_loop), made.acknowledged) == (0, 1, True)


def test_a_run_that_was_revoked_ends_in_the_ledger_and_is_remembered_no_longer() -> None:
    run = "q|7|1|0"
    made, _ = request(Message(id=run, **{RUN_HEADER: {"run": run, "queue": "q", "job": "7"}}))
    cancelled: SimpleQueue[str] = SimpleQueue()
    made.app.runtime = SimpleNamespace(canceller=SimpleNamespace(cancel_run=cancelled.put))
    state.revoked.add(run)

    assert made.revoked()
    assert made.acknowledged
    assert cancelled.get(timeout=5) == run
    while run in state.revoked:
        time.sleep(0.001)


def test_a_failure_that_cannot_be_told_frees_the_slot_all_the_same() -> None:
    made, _ = request(Message())
    state.task_reserved(made)
    made.on_failure(object())
    assert made not in state.reserved_requests
