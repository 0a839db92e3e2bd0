"""Watch over the runs that are under way, until each has its outcome.

A worker announces the outcome of a run when it has recorded it. What a lost announcement would hide, a look
at all runs every second finds: the ledger is the truth, and an outcome that was only heard is settled only if
the ledger holds it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from redis import RedisError

from aiplane.ledger.runs import read_announcement
from aiplane.redis.clients import connect
from aiplane.redis.troubles import TROUBLES
from bridges.redis_subscription import hear
from bridges.verdict import Sent, Verdict, judge, read_outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiplane.ledger.leases import LeaseSnapshot
    from aiplane.ledger.runs import Announcement, Outcome, Runs, RunState
    from aiplane.queues import Kind
    from aiplane.settings import Settings
    from bridges.job import Job

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at all runs."""

EARLY = 1_000
"""Runs that were heard of and are watched by nobody yet, of which so many are remembered."""


@dataclass(slots=True)
class Watched:
    """A run that is watched, and what is to be done about it once that is known."""

    job: Job
    time_limit: float
    times_sent: int = 1
    sent_at: float = field(default_factory=time.monotonic)
    answer: asyncio.Future[Outcome | Verdict] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def sent_again(self) -> None:
        """Begin to wait anew, with twice the patience."""
        self.times_sent += 1
        self.sent_at = time.monotonic()
        self.answer = asyncio.get_running_loop().create_future()

    def sending(self, *, crowded: bool) -> Sent:
        """Return what is known of its sending."""
        return Sent(
            ms_ago=int((time.monotonic() - self.sent_at) * 1000),
            times=self.times_sent,
            takings=self.job.attempts_started - self.job.attempts_made,
            crowded=crowded,
        )


class Watch:
    """Watch over runs until each has an outcome, or needs something done about it."""

    def __init__(
        self, settings: Settings, runs: Runs, *, missing: Callable[[Kind], int] = lambda _: 0
    ) -> None:
        """Prepare.

        Args:
            settings: how long runs may take, and where Redis is.
            runs: the ledger.
            missing: says for how many of the jobs of a kind that are under way there is no slot.
        """
        self._settings = settings
        self._runs = runs
        self._missing = missing
        self._watched: dict[str, Watched] = {}
        self._early: dict[str, None] = {}
        self._heard: list[Watched] = []
        self._any_heard = asyncio.Event()
        self._snapshot: LeaseSnapshot | None = None

    @contextmanager
    def follow(self, job: Job) -> Iterator[Watched]:
        """Watch a job's run within the block.

        A quick one may be over before the sending has returned, which is looked up then.
        """
        watched = Watched(job, self._settings.time_limit(job.spec.kind))
        self._watched[job.run] = watched
        if job.run in self._early:
            del self._early[job.run]
            self._look_soon(watched)
        try:
            yield watched
        finally:
            if self._watched.get(job.run) is watched:
                del self._watched[job.run]

    def update(self, snapshot: LeaseSnapshot) -> None:
        """Take note of the leases."""
        self._snapshot = snapshot

    async def look_around(self) -> None:
        """Look at all runs, again and again. It returns only by being cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self.look(list(self._watched.values()))
            except (RedisError, OSError) as error:
                log.warning("the ledger cannot be read: %s", TROUBLES.note(error))

    async def listen(self) -> None:
        """Hear of outcomes as they are recorded. It returns only by being cancelled."""
        while True:
            try:
                await self._listen_once()
            except (RedisError, OSError) as error:
                log.warning("outcome subscription lost: %s; polling", TROUBLES.note(error))
                await asyncio.sleep(LOOK_EVERY)

    async def _listen_once(self) -> None:
        redis = connect(self._settings.redis_url, name="aiplane:outcomes")
        try:
            await hear(redis, self._runs.channel, lambda text: self._hear(read_announcement(text)))
        finally:
            await redis.aclose()

    def _hear(self, announced: Announcement) -> None:
        watched = self._watched.get(announced.run)
        if watched is None:
            self._note_early(announced.run)
            return
        if watched.answer.done():
            return
        if announced.outcome is None:
            self._look_soon(watched)
            return
        digest = hashlib.sha1(announced.outcome.encode(errors="surrogateescape"), usedforsecurity=False)
        outcome = read_outcome(announced.outcome, announced.usage)
        watched.answer.set_result(replace(outcome, heard=digest.hexdigest()))

    def _note_early(self, run: str) -> None:
        # Most are of other bridges' jobs.
        self._early[run] = None
        if len(self._early) > EARLY:
            del self._early[next(iter(self._early))]

    def _look_soon(self, watched: Watched) -> None:
        self._heard.append(watched)
        self._any_heard.set()

    async def look_at_heard(self) -> None:
        """Look at runs that were heard of, many at once. It returns only by being cancelled."""
        while True:
            await self._any_heard.wait()
            self._any_heard.clear()
            heard, self._heard = self._heard, []
            try:
                await self.look(heard)
            except (RedisError, OSError) as error:
                log.warning("the ledger cannot be read: %s", TROUBLES.note(error))

    async def look(self, all_watched: list[Watched]) -> None:
        """Look at some runs now.

        Raises:
            RedisError: they could not be read.
        """
        waiting = [watched for watched in all_watched if not watched.answer.done()]
        if not waiting:
            return
        states = await self._runs.states([watched.job.run for watched in waiting])
        handed_back: Counter[Kind] = Counter()
        # What was taken last goes back first.
        for watched, state in reversed([*zip(waiting, states, strict=True)]):
            if watched.answer.done():
                continue
            kind = watched.job.spec.kind
            answer = self._judge(watched, state, crowded=self._missing(kind) > handed_back[kind])
            if answer is Verdict.HAND_BACK:
                handed_back[kind] += 1
            if answer is not Verdict.WAIT:
                watched.answer.set_result(answer)

    def _judge(self, watched: Watched, state: RunState, *, crowded: bool) -> Outcome | Verdict:
        if self._snapshot is None:
            return read_outcome(state.outcome, state.usage) if state.outcome else Verdict.WAIT
        sent = watched.sending(crowded=crowded)
        kind, limit = watched.job.spec.kind, watched.time_limit
        return judge(state, self._snapshot, kind, time_limit=limit, sent=sent)
