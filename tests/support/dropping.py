"""A pool that offers its slots and drops every run; it is one with ``-I tests.support.dropping``."""

from __future__ import annotations

from celery.worker.state import task_ready

from aiplane.worker.request import JobRequest
from tasks.hint import generate_hint


class Dropped(JobRequest):
    """A message that is acknowledged and forgotten, as by a pool that somebody has told to."""

    def revoked(self) -> bool:
        """Say that it is not to be run."""
        self.acknowledge()
        task_ready(self)
        return True


generate_hint.Request = Dropped
