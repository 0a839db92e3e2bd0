"""Sending: a run goes to its Celery queue as a message that names it and holds nothing of the payload.

The message is made as Celery makes it, and pushed as kombu's Redis transport pushes it. Only the push is our
own: kombu's blocks, so it would need a thread, and two changes of threads cost more than all the rest of it.
"""

from __future__ import annotations

import base64
import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

from redis import RedisError

from aiplane.app import RUN_HEADER
from aiplane.connections import connect
from aiplane.queues import QUEUES
from aiplane.runs import Message
from aiplane.telemetry.propagation import carrier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.app import Plane
    from bridges.job import Job

log = logging.getLogger(__name__)


class Dispatch:
    """Sends runs to the pools."""

    def __init__(self, app: Plane) -> None:
        self._app = app
        self._redis = connect(app.settings.celery_broker_url, name="aiplane:dispatch")
        self.beside = app.settings.celery_broker_url == app.settings.redis_url
        """Whether the broker is the Redis of the ledger, so that opening a run can send it too."""
        self._templates = {spec.task: self._template(spec.task) for spec in QUEUES.values()}
        self._prefix = app.conf.broker_transport_options["global_keyprefix"]

    async def send(self, job: Job) -> None:
        """Send a job's run. That the broker did not take it, or may not have, is only logged.

        Sending twice is harmless, since a run can be claimed once: so whoever finds a run unclaimed after
        a while sends it again.
        """
        try:
            await self._redis.lpush(*self.message(job))
        except (RedisError, OSError) as error:
            log.warning("job %s of %s was not sent: %s", job.id, job.queue, type(error).__name__)

    async def close(self) -> None:
        """Close the connection to the broker."""
        await self._redis.aclose()

    def message(self, job: Job) -> Message:
        """Return what sends a job's run."""
        body, headers, properties = self._templates[job.spec.task]
        run: dict[str, object] = {"run": job.run, "queue": job.queue, "job": job.id, "trace": carrier()}
        if job.options.keep_logs is not None:
            run["keep_logs"] = str(job.options.keep_logs)
        its_own = {
            "id": job.run,
            "root_id": job.run,
            # What `celery inspect active` and Flower show of it.
            "argsrepr": f"{job.queue} {job.id}",
            "kwargsrepr": f"attempt {job.attempts_made + 1} of {job.options.attempts}",
            RUN_HEADER: run,
        }
        delivery = {
            "correlation_id": job.run,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": job.spec.kind},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        }
        envelope = {
            "body": body,
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": {**headers, **its_own},
            "properties": {**properties, **delivery},
        }
        return Message(f"{self._prefix}{job.spec.kind}", json.dumps(envelope))

    def _template(self, task: str) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
        """Return the body, headers and properties of a message, which are alike for all runs of a task."""
        made = self._app.amqp.create_task_message("", task, ignore_result=True)
        return base64.b64encode(json.dumps(made.body).encode()).decode(), made.headers, made.properties
