"""Reconciliation of long silent jobs with what BullMQ says of them. Any number of processes do it.

A result can be taken by another consumer, a failure can pass while nobody listens, a Redis can forget. What
the queues say of a job then is what became of it.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import exists, select

from aiplane.client import JobFailedError, JobNotEndedError, JobNotFoundError
from aiplane.results import Delivery, Failure
from control_plane.outcomes import LOST
from control_plane.side_task import SideTask
from control_plane.tables import Job, OutboxEntry

if TYPE_CHECKING:
    from aiplane.client import Client
    from aiplane.queues import Kind
    from control_plane.database import Database
    from control_plane.outcomes import Outcomes

log = logging.getLogger(__name__)

EACH_SECONDS: Final = 10.0
"""Seconds between two rounds through the open jobs."""

SILENT_SECONDS: Final = 20.0
"""Age of a job in seconds before it is asked about. Most have ended by then."""

PAGE: Final = 100
"""Jobs that are read at once."""


class Reconciler(SideTask):
    """Reconciliation of silent jobs, within an ``async with`` block."""

    def __init__(self, database: Database, client: Client, outcomes: Outcomes, timeout: float) -> None:
        super().__init__("reconciler", self.go_through, EACH_SECONDS)
        self._database = database
        self._client = client
        self._outcomes = outcomes
        self._timeout = timeout

    async def go_through(self, silent_seconds: float = SILENT_SECONDS) -> None:
        """Ask about each job once that was made so many seconds ago and has not ended."""
        after = (datetime.min.replace(tzinfo=UTC), "")
        before = datetime.now(UTC) - timedelta(seconds=silent_seconds)
        while True:
            async with self._database.transaction() as session:
                unsent = exists().where(OutboxEntry.job_id == Job.id)
                page = await session.execute(
                    select(Job.created_at, Job.id, Job.kind)
                    .where(Job.state == "queued", Job.created_at < before, ~unsent)
                    .where((Job.created_at > after[0]) | ((Job.created_at == after[0]) & (Job.id > after[1])))
                    .order_by(Job.created_at, Job.id)
                    .limit(PAGE)
                )
                jobs = page.all()
            for created_at, job_id, kind in jobs:
                await self._ask(cast("Kind", kind), job_id)
                after = (created_at, job_id)
            if len(jobs) < PAGE:
                return

    async def _ask(self, kind: Kind, job_id: str) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                result = await self._client.result(kind, job_id)
        except JobNotEndedError:
            return
        except JobFailedError as error:
            await self._outcomes.failed(Failure(kind, job_id, error.code, error.sentence))
        except JobNotFoundError:
            log.warning("job %s is in no queue, and nothing came of it", job_id)
            await self._outcomes.failed(Failure(kind, job_id, "worker_lost", LOST))
        else:
            await self._outcomes.completed(Delivery(kind, job_id, result))
