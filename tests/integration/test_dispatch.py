"""A run's message is what Celery itself would have sent, but for what is drawn anew each time."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.celery import celery_configuration
from aiplane.ledger.runs import RUN_HEADER
from aiplane.queues import QUEUES
from aiplane.settings import Settings
from aiplane.worker.application import Application
from bridges.dispatch import Dispatch
from bridges.job import Job, read_job

if TYPE_CHECKING:
    from tests.support.redis_server import RedisServer

HINT = QUEUES["hint"]
QUEUE = "aiplane:bull:celery:hint"


def plane(redis_server: RedisServer) -> Application:
    app = Application("test", set_as_current=False)
    app.settings = Settings.load({"REDIS_URL": redis_server.url})
    app.config_from_object(celery_configuration(app.settings))
    return app


def job() -> Job:
    record = {"data": "{}", "opts": '{"attempts": 3}', "timestamp": "1700000000123", "atm": "1"}
    return read_job(HINT, HINT.name, "7 | é", "token", record)


def arrived(redis_server: RedisServer) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(redis_server.client.lpop(QUEUE))
    # Drawn anew; of use to who waits for a result; a second copy of what the headers say.
    for name in ("delivery_tag", "reply_to", "argsrepr", "kwargsrepr"):
        message["properties"].pop(name, None)
    message["body"] = json.loads(base64.b64decode(message["body"]))
    return message


async def test_a_run_is_sent_as_celery_sends_a_task(redis_server: RedisServer) -> None:
    app, sent = plane(redis_server), job()
    run = {"run": sent.run, "queue": sent.queue, "job": sent.id, "trace": {}, "keep_logs": "100"}
    app.send_task(
        HINT.task,
        task_id=sent.run,
        queue=HINT.kind,
        headers={RUN_HEADER: run},
        argsrepr=f"{sent.queue} {sent.id}",
        kwargsrepr="attempt 2 of 3",
        ignore_result=True,
    )
    expected = arrived(redis_server)

    dispatch = Dispatch(app)
    await dispatch.send(sent)
    await dispatch.close()
    app.close()

    assert arrived(redis_server) == expected


async def test_a_broker_that_is_away_is_no_fault_of_the_job(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    app = plane(redis_server)
    app.settings = Settings.load({"REDIS_URL": "redis://127.0.0.1:1/0"})
    dispatch = Dispatch(app)
    await dispatch.send(job())
    await dispatch.close()
    assert "was not sent: Redis does not answer (ConnectionError)" in caplog.text
