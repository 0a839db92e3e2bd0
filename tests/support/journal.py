"""Everything that BullMQ said happened in some queues, read on through whatever happens to Redis."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from redis import RedisError

from aiplane.context.cancellation import cancel
from aiplane.redis.clients import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True)
class Event:
    """One entry of a queue's event stream; ``at`` is in epoch milliseconds of Redis' clock."""

    at: int
    name: str
    job: str
    fields: Mapping[str, str] = field(repr=False)


class Journal:
    """The event streams of some queues from their beginning. Used as an async context manager.

    The streams are in Redis and survive what Redis survives; a read that fails is made again from where the
    last one ended. So nothing is missed, and nothing is read twice.
    """

    def __init__(self, redis_url: str, queues: Iterable[str], *, prefix: str = "bull") -> None:
        self._redis = connect(redis_url, timeout=5)
        self._prefix = prefix
        self._last = {f"{prefix}:{queue}:events": "0-0" for queue in queues}
        self._events: dict[tuple[str, str], list[Event]] = defaultdict(list)
        self._changed = asyncio.Condition()
        self.last_read = 0.0

    async def __aenter__(self) -> Self:
        self._reading = asyncio.create_task(self._read_on(), name="journal")
        return self

    async def __aexit__(self, *_: object) -> None:
        await cancel(self._reading)
        await self._redis.aclose()

    def of(self, queue: str, job: str, *names: str) -> list[Event]:
        """Return what happened to a job so far, oldest first: all of it, or only events of these names."""
        return [event for event in self._events.get((queue, job), ()) if not names or event.name in names]

    def jobs(self, queue: str, *names: str) -> list[str]:
        """Return the job of each event of these names in a queue: as often as it happened."""
        return [
            event.job
            for (where, _), events in self._events.items()
            if where == queue
            for event in events
            if event.name in names
        ]

    async def event(self, queue: str, job: str, *names: str, count: int = 1, seconds: float = 30) -> Event:
        """Return the ``count``-th event of these names about a job, once it came."""
        what = f"{' or '.join(names)} of job {job} of {queue}"
        await self.until(lambda: len(self.of(queue, job, *names)) >= count, seconds, what)
        return self.of(queue, job, *names)[count - 1]

    async def until(self, ready: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until what has been read makes ``ready`` true.

        Raises:
            AssertionError: it does not within ``seconds``.
        """
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(ready)
        except TimeoutError:
            raise AssertionError(f"no {what} within {seconds} s") from None

    async def _read_on(self) -> None:
        while True:
            try:
                heard = await self._redis.xread(self._last, count=1000, block=500)
            except (RedisError, OSError):
                await asyncio.sleep(0.05)
                continue
            self.last_read = asyncio.get_running_loop().time()
            if heard:
                await self._note(heard)

    async def _note(self, heard: Iterable[tuple[str, list[tuple[str, dict[str, str]]]]]) -> None:
        async with self._changed:
            for key, entries in heard:
                queue = key.removeprefix(f"{self._prefix}:").removesuffix(":events")
                for self._last[key], fields in entries:
                    job = fields.get("jobId", "")
                    at = int(self._last[key].partition("-")[0])
                    self._events[queue, job].append(Event(at, fields["event"], job, fields))
            self._changed.notify_all()
