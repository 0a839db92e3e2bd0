"""Bell for commits that somebody waits for: one ``LISTEN`` a process, however many wait.

A bell that rings says that there may be something to see; whoever hears it looks. It rings for all when the
connection was away, because then nobody knows what was missed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Self

import psycopg

from aiplane.context.cancellation import cancel
from control_plane.database import connect_arguments
from control_plane.events import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 0.5
"""The pause between two tries to reach a database that is away."""

LOOK_AGAIN_SECONDS: Final = 5.0
"""Seconds that a waiter trusts the bell: a connection can be dead for a while unnoticed."""


class Bell:
    """Bell that rings for rooms and for jobs, within an ``async with`` block.

    Attributes:
        closing: whether the process stops: then nobody is to wait any longer.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self.closing = False
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.closing = False
        self._listening = asyncio.create_task(self._listen(), name="bell")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()
        if self._listening is not None:
            await cancel(self._listening)

    def close(self) -> None:
        """Have whoever waits look once more, and then go."""
        self.closing = True
        self._ring_all()

    @contextmanager
    def heard(self, topic: str) -> Iterator[asyncio.Event]:
        """Lend an event that is set whenever the bell rings for a topic: a room's id, or a job's."""
        rung = asyncio.Event()
        self._waiting.setdefault(topic, set()).add(rung)
        try:
            yield rung
        finally:
            self._waiting[topic].discard(rung)
            if not self._waiting[topic]:
                del self._waiting[topic]

    async def _listen(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, **connect_arguments()
                )
                async with connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._ring_all()
                    async for notice in connection.notifies():
                        self._ring(notice.payload)
            except (psycopg.Error, OSError) as error:
                log.warning("LISTEN connection to PostgreSQL lost: %s", type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    def _ring(self, payload: str) -> None:
        # Whoever may connect to the database may notify.
        try:
            topics = [topic for topic in json.loads(payload).values() if isinstance(topic, str)]
        except (ValueError, AttributeError, RecursionError):
            return
        for topic in topics:
            for rung in self._waiting.get(topic, ()):
                rung.set()

    def _ring_all(self) -> None:
        for waiting in self._waiting.values():
            for rung in waiting:
                rung.set()


async def wait_until_rung(rung: asyncio.Event, seconds: float) -> None:
    """Wait until the bell rings, or it is time to look all the same."""
    with suppress(TimeoutError):
        async with asyncio.timeout(min(seconds, LOOK_AGAIN_SECONDS)):
            await rung.wait()
    rung.clear()
