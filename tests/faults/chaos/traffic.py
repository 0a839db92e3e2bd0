"""The control planes: jobs of all kinds and options, produced in Node 5, Node 6 and Python, steadily."""

from __future__ import annotations

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from redis import RedisError

from tests.faults.chaos.waiting import until
from tests.faults.stage import payload
from tests.interop.payloads import KINDS
from tests.support.control_plane import NodeError

if TYPE_CHECKING:
    from aiplane.bull import Bull
    from tests.support.control_plane import ControlPlane
    from tests.support.journal import Journal

JOBS_PER_SECOND = 2.2
SETTLING = 2.0
"""Seconds after an outage in which a request that Redis had received before may still be executed."""


@dataclass(frozen=True)
class Sent:
    """A job that was produced.

    Attributes:
        kind: its kind.
        queue: its queue.
        id: its id, which is the provider's case too.
        attempts: how many it may make.
        refusals: how many of its calls the provider refuses with 503.
        fatal: whether the provider refuses it for good.
        producer: who made it.
    """

    kind: str
    queue: str
    id: str
    attempts: int
    refusals: int
    fatal: bool
    producer: str
    does: str
    options: dict[str, Any] = field(repr=False, hash=False)


class Traffic:
    """Produces jobs until it is cancelled."""

    def __init__(self, seed: int, journal: Journal, bull: Bull, nodes: dict[str, ControlPlane]) -> None:
        self._chance = random.Random(f"{seed} traffic")
        self._seed = seed
        self._journal = journal
        self._bull = bull
        self._nodes = nodes
        self._threads = {name: ThreadPoolExecutor(1, thread_name_prefix=name) for name in nodes}
        self._adding: set[asyncio.Task[None]] = set()
        self.sent: list[Sent] = []
        self.added_again = 0

    async def flow(self) -> None:
        """Produce jobs at random moments. It returns only by being cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += self._chance.expovariate(JOBS_PER_SECOND)
            await asyncio.sleep(max(0.0, due - loop.time()))
            job = self._next()
            self.sent.append(job)
            task = loop.create_task(self._add(job))
            self._adding.add(task)
            task.add_done_callback(self._adding.discard)

    async def finish(self, seconds: float) -> int:
        """Wait until all that was produced is in Redis; return how many jobs are not."""
        if self._adding:
            await asyncio.wait(self._adding, timeout=seconds)
        return len(self._adding)

    def _next(self) -> Sent:
        chance = self._chance
        kind = chance.choice(list(KINDS))
        producer = chance.choices([*self._nodes, "python"], [4, 4, 2])[0]
        refusals = 1 if kind != "transcribe" and chance.random() < 0.06 else 0
        fatal = not refusals and chance.random() < 0.02
        delay = min(chance.expovariate(1.2) + 0.05, 3.0) if chance.random() < 0.95 else chance.uniform(5, 15)
        does = f"delay={delay:.2f}" + (" times=1 status=503" if refusals else " status=401" if fatal else "")
        options = self._options(producer)
        return Sent(
            kind, KINDS[kind].queue, f"c{self._seed}-{len(self.sent)}", options["attempts"], refusals, fatal,
            producer, does, options,
        )  # fmt: skip

    def _options(self, producer: str) -> dict[str, Any]:
        chance = self._chance
        delay = chance.randint(200, 1000)
        options: dict[str, Any] = {
            "attempts": chance.choices([1, 2, 3, 5], [5, 10, 75, 10])[0],
            "backoff": chance.choice(
                [{"type": "fixed", "delay": delay}, {"type": "exponential", "delay": delay, "jitter": 0.5}]
            ),
        }
        if chance.random() < 0.15:
            options["priority"] = chance.randint(1, 10)
        if chance.random() < 0.15:
            options["delay"] = chance.randint(100, 3000)
        if chance.random() < 0.05:
            options["lifo"] = True
        # A Node client sends what was under way again after a reset. Were the job done and removed by then,
        # it would be a new one: so only the client that does not do that has its jobs removed at once.
        removals = [True, 20] if producer == "python" else [200, {"age": 600}, {"count": 300}]
        if chance.random() < 0.5:
            options["removeOnComplete"] = chance.choice(removals)
        return options

    async def _add(self, job: Sent) -> None:
        while True:
            try:
                await self._add_once(job)
            except (NodeError, RedisError, OSError, TimeoutError):
                # It may be there or not: the queue's own events tell.
                if await self._is_there(job):
                    return
                self.added_again += 1
            else:
                return

    async def _add_once(self, job: Sent) -> None:
        data, name = payload(job.kind, job.id, job.does), KINDS[job.kind].job_name
        if job.producer == "python":
            await self._bull.queue(job.queue).add(name, data, job_id=job.id, options=job.options)
            return
        queue = self._nodes[job.producer].queue(job.queue)
        options = {**job.options, "jobId": job.id}
        await asyncio.get_running_loop().run_in_executor(
            self._threads[job.producer], queue.add, name, data, options
        )

    async def _is_there(self, job: Sent) -> bool:
        loop = asyncio.get_running_loop()
        asked = loop.time()
        await until(lambda: self._journal.last_read > asked)
        current = loop.time() + SETTLING
        await until(lambda: self._journal.last_read > current)
        return bool(self._journal.of(job.queue, job.id))
