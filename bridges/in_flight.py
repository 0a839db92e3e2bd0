"""The jobs that this bridge holds: each active in BullMQ, locked with a token of ours, and looked after."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator, Mapping

    from aiplane.queues import Kind
    from bridges.job import Job


class InFlight:
    """The jobs in hand and the asyncio tasks that look after them.

    The loop adds and removes; the thread that renews locks reads. A job is known by its lock's token and
    not by its id alone: a job can be lost and taken again while its first holder is still letting go.
    """

    def __init__(self) -> None:
        self._jobs: dict[tuple[str, str], tuple[Job, asyncio.Task[None]]] = {}
        self._settling: set[str] = set()
        self._kinds: Counter[str] = Counter()
        self._guard = threading.Lock()

    def add(self, job: Job, task: asyncio.Task[None]) -> None:
        """Hold a job. Whatever was held under its id was lost before, or it could not be ours now."""
        former = self.get(job.queue, job.id)
        if former is not None:
            self.drop(former)
        with self._guard:
            self._jobs[job.queue, job.id] = (job, task)
            self._kinds[job.spec.kind] += 1

    def remove(self, job: Job) -> None:
        """Let go of a job that is settled or lost; nothing happens if it is held no longer."""
        with self._guard:
            in_flight = self._jobs.get((job.queue, job.id))
            if in_flight is not None and in_flight[0].token == job.token:
                del self._jobs[job.queue, job.id]
                self._kinds[job.spec.kind] -= 1

    @contextmanager
    def settling(self, job: Job) -> Iterator[None]:
        """Settle a job within the block: it may be seen to be active no longer before that is known here."""
        self._settling.add(job.token)
        try:
            yield
        finally:
            self._settling.discard(job.token)

    def is_settling(self, job: Job) -> bool:
        """Return whether a job is being settled, so that what becomes of it is told there."""
        return job.token in self._settling

    def drop(self, job: Job) -> None:
        """Let go of a job that another looks after now, and stop looking after it."""
        with self._guard:
            in_flight = self._jobs.get((job.queue, job.id))
        if in_flight is not None and in_flight[0].token == job.token:
            in_flight[1].cancel()
            self.remove(job)

    def get(self, queue: str, job_id: str) -> Job | None:
        """Return the job that is held under an id, if one is."""
        in_flight = self._jobs.get((queue, job_id))
        return in_flight[0] if in_flight else None

    def of(self, queue: str) -> dict[str, Job]:
        """Return the jobs held of one queue, by id."""
        return {job.id: job for (name, _), (job, _) in list(self._jobs.items()) if name == queue}

    def count(self, kind: Kind) -> int:
        """Return how many jobs of a kind are held."""
        return self._kinds[kind]

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return what looks after them."""
        return [task for _, task in self._jobs.values()]

    def locks(self) -> Mapping[str, Mapping[str, str]]:
        """Return the tokens by job id by queue. Safe to call from another thread."""
        locks: dict[str, dict[str, str]] = {}
        with self._guard:
            for (queue, job_id), (job, _) in self._jobs.items():
                locks.setdefault(queue, {})[job_id] = job.token
        return locks
