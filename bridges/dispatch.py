"""Sending: a run goes to its Celery queue as a message that names it and holds nothing of the payload."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from kombu.exceptions import KombuError
from redis import RedisError

from aiplane.app import RUN_HEADER
from aiplane.telemetry.propagation import carrier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.app import Plane
    from bridges.job import Job

log = logging.getLogger(__name__)

THREADS = 2
"""Publishing blocks, so it happens beside the loop; more threads send no faster."""


class Dispatch:
    """Sends runs to the pools."""

    def __init__(self, app: Plane) -> None:
        self._app = app
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="dispatch")

    async def send(self, job: Job) -> None:
        """Send a job's run. That the broker did not take it, or may not have, is only logged.

        Sending twice is harmless, since a run can be claimed once: so whoever finds a run unclaimed after
        a while sends it again.
        """
        try:
            loop = asyncio.get_running_loop()
            # The thread is in no job's context: what it needs of this one's goes along.
            await loop.run_in_executor(self._threads, self._publish, job, carrier())
        except (KombuError, RedisError, OSError) as error:
            log.warning("job %s of %s was not sent: %s", job.id, job.queue, type(error).__name__)

    def _publish(self, job: Job, trace: Mapping[str, str]) -> None:
        self._app.send_task(
            job.spec.task,
            task_id=job.run,
            queue=job.spec.kind,
            headers={RUN_HEADER: {**_header(job), "trace": trace}},
            # What `celery inspect active` and Flower show of it.
            argsrepr=f"{job.queue} {job.id}",
            kwargsrepr=f"attempt {job.attempts_made + 1} of {job.options.attempts}",
            ignore_result=True,
            retry=False,
        )

    def close(self) -> None:
        """Send nothing more; what hangs in a broker that does not answer is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _header(job: Job) -> dict[str, str]:
    header = {"run": job.run, "queue": job.queue, "job": job.id}
    if job.options.keep_logs is not None:
        header["keep_logs"] = str(job.options.keep_logs)
    return header
