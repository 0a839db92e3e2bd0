"""Side tasks of a process: loops that outlive what goes wrong in one round, and say so."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from redis.exceptions import RedisError

from aiplane.context.cancellation import cancel
from aiplane.results import NotNowError
from control_plane.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class SideTask:
    """A loop that runs within an ``async with`` block, one round after the other.

    Args:
        name: what the log calls it.
        work: one round.
        seconds: the pause between two rounds, unless it is woken.
    """

    def __init__(self, name: str, work: Callable[[], Awaitable[None]], seconds: float) -> None:
        self._name = name
        self._work = work
        self._seconds = seconds
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=self._name)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await cancel(self._task)

    @property
    def running(self) -> bool:
        """True if there is a next round."""
        return self._task is not None and not self._task.done()

    def wake(self) -> None:
        """Begin the next round now."""
        self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._work()
            except (ApiError, NotNowError, RedisError, OSError, TimeoutError) as error:
                log.warning("%s: put off, %s", self._name, type(error).__name__)
            except Exception:
                log.exception("%s: failed", self._name)
            # Not wait_for: in Python 3.11 it loses a cancellation that comes as the event is set.
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._woken.wait()
