"""Answer to Celery's tools that ask for the result of a run: BullMQ has it, and Celery never will."""

from __future__ import annotations

from typing import Any

import click
from celery.result import AsyncResult

from aiplane.ledger.runs import job_of


class NotATaskError(click.ClickException):
    """Id of a run where a task's was expected."""


class TaskResult(AsyncResult):
    """Celery's result, which would be waited for without end if it is a run's."""

    def get(self, *args: Any, **kwargs: Any) -> Any:
        """Wait for the result of a task that a person sent.

        Raises:
            NotATaskError: it is none.
        """
        _check(self.id)
        return super().get(*args, **kwargs)

    @property
    def traceback(self) -> Any:
        """The traceback of the task's failure, likewise."""
        _check(self.id)
        return super().traceback


def _check(task_id: str) -> None:
    job = job_of(task_id)
    if job is not None:
        queue, job_id = job
        raise NotATaskError(f"BullMQ has the result of a job. See: celery -A aiplane job {queue} {job_id}")
