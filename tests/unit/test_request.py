"""A run's message is acknowledged without the worker's loop, a person's as Celery does it."""

from __future__ import annotations

import pytest

from aiplane.app import RUN_HEADER, Plane
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
    app = Plane("test", set_as_current=False)

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
