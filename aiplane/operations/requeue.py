"""Requeueing of a dead job: the job waits again, and its letter is gone, both or neither.

One transaction does both, and watches the job: if anything moves the job meanwhile, it is looked at again. So
asking twice is harmless, and what is interrupted at any point leaves the letter, or the waiting job.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError, WatchError

from aiplane.bull import ScriptRefusedError, check, iso_now, stage_merge
from aiplane.operations.audit_trail import kept_lines
from aiplane.operations.dead_letters import payload_of
from aiplane.redis.lua import load_script
from aiplane.redis.untrusted_json import read_object, whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

    from aiplane.bull import Bull, BullQueue
    from aiplane.operations.dead_letters import DeadLetters, Letter

KEPT_OPTIONS = (
    "attempts",
    "backoff",
    "removeOnComplete",
    "removeOnFail",
    "stackTraceLimit",
    "kl",
    "tm",
    "lifo",
)
"""The options, as stored, that a job keeps when it is added anew. Its delay is over, what it was a child of
has ended without it, and its schedule has gone on."""

HIGHEST_PRIORITY = 2_097_151
"""BullMQ's largest number for a priority, which is the least urgent."""

LOOK_AT_LETTER = load_script(__package__, "look_at_letter")


class Retried(Enum):
    """Outcome for a letter whose job was to be retried."""

    WAITS = "waits again"
    ADDED = "added anew"
    """The failed job itself was gone, so the letter's copy of it waits under its id."""
    MOVED_ON = "had moved on"
    """The job is not failed now: it was retried before. Only the letter was removed."""
    NO_LETTER = "no letter"
    """Somebody has retried it, or removed the letter, meanwhile."""


class NotRetriedError(Exception):
    """Letter that stays, with nothing done; the message says why."""


class Retrying:
    """Retry of the jobs of one queue's dead letters."""

    def __init__(self, redis: Redis, bull: Bull, queue: str, letters: DeadLetters, *, who: str) -> None:
        """Prepare.

        Args:
            redis: a client.
            bull: the queues.
            queue: BullMQ's name of the queue.
            letters: its dead letters.
            who: who asks for it, for the log of each job.
        """
        self._redis = redis
        self._who = who
        self._queue = bull.queue(queue)
        self._letters = letters
        self._look = redis.register_script(LOOK_AT_LETTER)

    async def retry(self, letter: Letter) -> Retried:
        """Let the job of a letter wait again, with all its attempts to come, and remove the letter.

        Raises:
            NotRetriedError: it cannot be told which job it is, or the queue cannot take it.
            RedisError: whatever the connection raises; asking again finds out what happened.
        """
        if not letter.readable or self._queue.is_own_key(letter.job_id):
            raise NotRetriedError("the letter does not say which job it is about")
        while True:
            try:
                return await self._once(letter)
            except WatchError:
                continue  # something moved the job; look again
            except UnicodeEncodeError as error:
                raise NotRetriedError("the letter holds text that cannot be written") from error

    async def _once(self, letter: Letter) -> Retried:
        queue, letters, job_key = self._queue, self._letters.queue, self._queue.key(letter.job_id)
        wait, prioritized, meta = (queue.key(name) for name in ("wait", "prioritized", "meta"))
        async with self._redis.pipeline(transaction=True) as pipe:
            await pipe.watch(letters.key(letter.id), job_key, meta)
            text, there, failed, options, *types, paused = await self._look(
                keys=[letters.key(letter.id), job_key, queue.key("failed"), wait, prioritized, meta],
                args=[letter.job_id],
            )
            if text is None:
                return Retried.NO_LETTER
            if there and not failed:
                return await self._dispose(letter)
            if types[0] not in ("none", "list") or types[1] not in ("none", "zset"):
                raise NotRetriedError(f"a key of {queue.name} is not what BullMQ makes of it")
            pipe.multi()
            if failed:
                queue.reprocessing(letter.job_id, lifo=bool(read_object(options).get("lifo"))).stage(pipe)
            else:
                self._stage_anew(pipe, letter, text)
            letters.removing(letter.id).stage(pipe)
            line = f"{iso_now()} retried by {self._who}, from its dead letter"
            queue.logging(letter.job_id, line, kept_lines(letter.options)).stage(pipe)
            if paused:
                stage_merge(pipe, queue)
            await self._commit(pipe, letter, text)
            return Retried.WAITS if failed else Retried.ADDED

    async def _dispose(self, letter: Letter) -> Retried:
        """Remove the letter of a job that is not failed now, unless the job is nowhere."""
        if await self._queue.state(letter.job_id) == "unknown":
            raise NotRetriedError("the job is in none of its queue's lists (see: aiplane audit)")
        await self._letters.remove(letter.id)
        return Retried.MOVED_ON

    def _stage_anew(self, pipe: Pipeline, letter: Letter, text: str) -> None:
        data = payload_of(text)
        if data is None:
            raise NotRetriedError("the job is gone, and the letter holds no payload")
        if ":" in letter.job_id:
            raise NotRetriedError("the job is gone, and BullMQ takes no new one under its id")
        options = kept_options(letter.options)
        step = self._queue.adding(letter.name or "retried", data, job_id=letter.job_id, options=options)
        step.stage(pipe)

    async def _commit(self, pipe: Pipeline, letter: Letter, text: str) -> None:
        """Make the transaction. If its script broke off, the letter is put back."""
        replies = await pipe.execute(raise_on_error=False)
        try:
            check(replies[0])
        except (ScriptRefusedError, RedisError) as error:
            letters: BullQueue = self._letters.queue
            async with self._redis.pipeline(transaction=True) as back:
                letters.adding(letter.name or "retried", text, job_id=letter.id, options={}).stage(back)
                await back.execute()
            raise NotRetriedError(f"BullMQ's script refused ({type(error).__name__})") from error


def kept_options(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a job that is added anew, from those of the job that failed.

    Whoever made the job chose them, so only what is as BullMQ writes it is kept.
    """
    kept = {name: stored[name] for name in KEPT_OPTIONS if name in stored and _is_plain(stored[name])}
    priority = whole_number(stored.get("priority"), 0)
    if 0 < priority <= HIGHEST_PRIORITY:
        kept["priority"] = priority
    return kept


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return len(value) < 10 and all(_is_scalar(each) for each in value.values())
    return _is_scalar(value)


def _is_scalar(value: object) -> bool:
    if isinstance(value, int):
        return abs(value) < 2**53
    return value is None or isinstance(value, str) or (isinstance(value, float) and math.isfinite(value))
