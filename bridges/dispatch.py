"""Dispatch of a run to its Celery queue: a message that names it and holds nothing of the payload.

The message is made as Celery makes it, and pushed as kombu's Redis transport pushes it. Only the push is our
own: kombu's blocks, so it would need a thread, and two changes of threads cost more than all the rest of it.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import uuid
from typing import TYPE_CHECKING, NamedTuple

from redis import RedisError

from aiplane.bull import KEEP_LOGS
from aiplane.ledger.runs import RUN_HEADER, Message
from aiplane.redis.clients import connect
from aiplane.redis.troubles import TROUBLES
from aiplane.telemetry.propagation import carrier

if TYPE_CHECKING:
    from aiplane.queues import QueueSpec
    from aiplane.worker.application import Application
    from bridges.job import Job

log = logging.getLogger(__name__)


_BLANK = re.compile("@([a-z]+)@")


class Form(NamedTuple):
    """Common part of the messages of all runs of a queue.

    Attributes:
        list_key: the key of the list to which they are pushed.
        text: a message as kombu writes it, with blanks for what is a run's own: ``@run@``, ``@job@``…
    """

    list_key: str
    text: str

    def filled(self, **blanks: str) -> Message:
        """Return the message in which each blank is replaced, by text that JSON can hold where it stands."""
        return Message(self.list_key, _BLANK.sub(lambda blank: blanks[blank[1]], self.text))


class Dispatch:
    """Dispatch of runs to the pools."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._redis = connect(app.settings.celery_broker_url, name="aiplane:dispatch")
        self.beside = app.settings.celery_broker_url == app.settings.redis_url
        """Whether the broker is the Redis of the ledger, so that opening a run can send it too."""
        self._forms: dict[str, Form] = {}
        self._prefix = app.conf.broker_transport_options["global_keyprefix"]

    async def send(self, job: Job) -> None:
        """Send a job's run. That the broker did not take it, or may not have, is only logged.

        Sending twice is harmless, since a run can be claimed once: so whoever finds a run unclaimed after
        a while sends it again.
        """
        try:
            await self._redis.lpush(*self.message(job))
        except (RedisError, OSError) as error:
            log.warning("job %s of %s was not sent: %s", job.id, job.queue, TROUBLES.note(error))

    async def close(self) -> None:
        """Close the connection to the broker."""
        await self._redis.aclose()

    def form(self, spec: QueueSpec, queue: str) -> Form:
        """Return what is alike in the messages of all runs of a queue. It is made once."""
        if queue not in self._forms:
            self._forms[queue] = self._made(spec, queue)
        return self._forms[queue]

    def message(self, job: Job) -> Message:
        """Return what sends a job's run."""
        return self.form(job.spec, job.queue).filled(
            run=_within_json(job.run),
            job=_within_json(job.id),
            attempt=str(job.attempts_made + 1),
            attempts=str(job.options.attempts),
            trace=json.dumps(carrier()),
            logs=str(job.options.keep_logs or KEEP_LOGS),
            tag=new_tag(),
        )

    def _made(self, spec: QueueSpec, queue: str) -> Form:
        made = self._app.amqp.create_task_message("", spec.task, ignore_result=True)
        run = {"run": "@run@", "queue": queue, "job": "@job@", "trace": "@trace@", "keep_logs": "@logs@"}
        its_own = {
            "id": "@run@",
            "root_id": "@run@",
            # What `celery inspect active` and Flower show of it.
            "argsrepr": f"{queue} @job@",
            "kwargsrepr": "attempt @attempt@ of @attempts@",
            RUN_HEADER: run,
        }
        delivery = {
            "correlation_id": "@run@",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": spec.kind},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": "@tag@",
        }
        envelope = {
            "body": base64.b64encode(json.dumps(made.body).encode()).decode(),
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {**made.headers, **its_own},
            "properties": {**made.properties, **delivery},
        }
        # The only blank that is no text.
        text = json.dumps(envelope).replace('"@trace@"', "@trace@")
        return Form(f"{self._prefix}{spec.kind}", text)


def new_tag() -> str:
    """Return what tells one message from all others."""
    return str(uuid.uuid4())


def _within_json(text: str) -> str:
    """Return what stands for a text between the quotes of a JSON string."""
    return json.dumps(text)[1:-1]
