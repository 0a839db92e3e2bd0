"""The control plane's side in Python: submit a job, look at it, wait for its result.

It writes what a Node producer writes and reads what BullMQ keeps, so either side can be in either language.
A payload is one of :mod:`aiplane.contracts`, checked where it is made; or a kind and a mapping, which nobody
looks into here: the workers do, and answer ``invalid_payload``.

    async with Client(Settings.load()) as client:
        job_id = await client.submit(HintPayload(problem_description=…, …))
        result = await client.wait("hint", job_id, timeout=60)

Whatever the connection raises (``redis.RedisError``) goes to the caller, except while it waits.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, cast, overload

from redis.exceptions import RedisError

from aiplane.bull import Bull
from aiplane.bull.events import BLOCK_SECONDS, RETRY_SECONDS, QueueEvents
from aiplane.context.cancellation import cancel
from aiplane.contracts import PAYLOADS, Payload
from aiplane.errors import ERRORS
from aiplane.operations.capacity import read_capacity
from aiplane.queues import KINDS, QUEUES
from aiplane.redis.clients import COMMAND_TIMEOUT, connect
from aiplane.redis.refusals import is_outage
from aiplane.redis.untrusted_json import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.operations.capacity import Capacity
    from aiplane.queues import Kind
    from aiplane.settings import Settings

LOOK_AGAIN_SECONDS = 15.0
"""How often a waiter looks at its job though it heard nothing: a stream can be trimmed or deleted."""


class JobFailedError(Exception):
    """Job that failed for good.

    Attributes:
        job_id: the job's id.
        failed_reason: what BullMQ keeps and a person reads: ``<code>: <sentence>``.
        code: a code of :mod:`aiplane.errors`; empty if the reason does not begin with one.
        sentence: the reason without the code.
        attempts: how many attempts were made; 0 where that is no longer known.
    """

    def __init__(self, job_id: str, failed_reason: str, attempts: int = 0) -> None:
        super().__init__(job_id, failed_reason, attempts)
        self.job_id = job_id
        self.failed_reason = failed_reason
        self.attempts = attempts
        code, _, sentence = failed_reason.partition(": ")
        self.code, self.sentence = (code, sentence) if code in ERRORS else ("", failed_reason)

    def __str__(self) -> str:
        """Give the reason."""
        return self.failed_reason


class JobNotFoundError(LookupError):
    """No job of this id: there never was, or it was removed when it ended."""

    def __init__(self, kind: Kind, job_id: str) -> None:
        super().__init__(kind, job_id)

    def __str__(self) -> str:
        """Name the job."""
        kind, job_id = self.args
        return f"There is no {kind} job {job_id!r}; it may have been removed when it ended."


class JobNotEndedError(Exception):
    """Job that has neither completed nor failed yet."""

    def __init__(self, kind: Kind, job_id: str, state: str) -> None:
        super().__init__(kind, job_id, state)
        self.state = state

    def __str__(self) -> str:
        """Name the job and say where it is."""
        kind, job_id, state = self.args
        return f"The {kind} job {job_id!r} has not ended; it is {state}."


class Client:
    """Client of the queues that the settings name. Nothing is connected before the first call.

    Use it as an async context manager, within one event loop. Any number of tasks may share it.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redis = connect(settings.redis_url, name="aiplane-client")
        self._blocking = connect(
            settings.redis_url, timeout=BLOCK_SECONDS + COMMAND_TIMEOUT, name="aiplane-client-events"
        )
        bull = Bull(self._redis, settings.bullmq_prefix)
        self._queues = {kind: bull.queue(settings.queue_name(kind)) for kind in KINDS}
        self._events = {
            kind: QueueEvents(self._blocking, queue.key("events")) for kind, queue in self._queues.items()
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; the client cannot be used after that."""
        await self._redis.aclose()
        await self._blocking.aclose()

    @overload
    async def submit(
        self, kind: Payload, /, *, job_id: str | None = None, options: Mapping[str, Any] | None = None
    ) -> str: ...

    @overload
    async def submit(
        self,
        kind: Kind,
        payload: Mapping[str, Any],
        *,
        job_id: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> str: ...

    async def submit(
        self,
        kind: Kind | Payload,
        payload: Mapping[str, Any] | None = None,
        *,
        job_id: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> str:
        """Add a job to its kind's queue, as a BullMQ producer does, and return its id.

        Args:
            kind: the payload, whose type says which of the four queues; or that queue's kind.
            payload: the job's data, where only the kind is given.
            job_id: an id of the caller's own. With one that exists already nothing is added, so a caller
                that does not know whether the first try arrived can try again.
            options: BullMQ's job options by their long names (``attempts``, ``delay``, ``priority``…).

        Raises:
            ValueError: the id is one that BullMQ refuses, or the payload holds NaN.
            TypeError: the payload is not JSON.
        """
        _check_id(job_id)
        if isinstance(kind, Payload):
            payload = kind.model_dump(mode="json", by_alias=True, exclude_none=True)
            kind = _kind_of(kind)
        return await self._queues[kind].add(
            QUEUES[kind].job_name, dict(payload or {}), job_id=job_id, options=options
        )

    async def state(self, kind: Kind, job_id: str) -> str:
        """Return where a job is, in BullMQ's words: ``waiting``, ``active``… or ``unknown``."""
        return await self._queues[kind].state(job_id)

    async def capacity(self) -> Mapping[Kind, Capacity]:
        """Return what each kind's pools can take at this moment, and what waits for them."""
        return await read_capacity(self._redis, self._settings)

    async def result(self, kind: Kind, job_id: str) -> dict[str, Any]:
        """Return the result of a job that has completed.

        Raises:
            JobFailedError: it failed for good.
            JobNotEndedError: it has not ended yet.
            JobNotFoundError: there is no such job.
        """
        state = await self.state(kind, job_id)
        record = await self._queues[kind].record(job_id)
        if not record:
            raise JobNotFoundError(kind, job_id)
        if state not in {"completed", "failed"}:
            raise JobNotEndedError(kind, job_id, state)
        return _outcome(job_id, state, record)

    async def wait(self, kind: Kind, job_id: str, *, timeout: float | None = None) -> dict[str, Any]:  # noqa: ASYNC109 -- an argument reads better than a block around each call
        """Wait until a job has ended and return its result. An outage of Redis is waited out.

        Args:
            kind: which of the four queues.
            job_id: the job's id.
            timeout: seconds; None waits for ever.

        Raises:
            JobFailedError: it failed for good.
            JobNotFoundError: there is no such job.
            TimeoutError: it has not ended in that time; it goes on all the same.
        """
        ended = asyncio.create_task(self._ended(kind, job_id), name=f"wait for {kind} job {job_id}")
        try:
            await asyncio.wait({ended}, timeout=timeout)
            if not ended.done():
                raise TimeoutError(f"The {kind} job {job_id!r} has not ended within {timeout:g} s.")
        finally:
            await cancel(ended)
        return ended.result()

    async def _ended(self, kind: Kind, job_id: str) -> dict[str, Any]:
        async with self._events[kind].ending_of(job_id) as ending:
            while True:
                ending.told.clear()
                try:
                    return await self.result(kind, job_id)
                except JobNotEndedError:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(ending.told.wait(), LOOK_AGAIN_SECONDS)
                except JobNotFoundError:
                    if not ending.event:
                        raise
                    # It was removed as it ended; the event is all that is left of it.
                    return _outcome(job_id, ending.event["event"], ending.event)
                except RedisError as error:
                    if not is_outage(error):
                        raise
                    await asyncio.sleep(RETRY_SECONDS)


def _outcome(job_id: str, state: str, fields: Mapping[str, str]) -> dict[str, Any]:
    # A job's hash and the event that ended it name these fields alike.
    if state == "failed":
        attempts = whole_number(fields.get("atm"), 0)
        raise JobFailedError(job_id, fields.get("failedReason", ""), attempts)
    return cast("dict[str, Any]", json.loads(fields.get("returnvalue", "null")))


def _kind_of(payload: Payload) -> Kind:
    return next(kind for kind, model in PAYLOADS.items() if isinstance(payload, model))


def _check_id(job_id: str | None) -> None:
    # BullMQ's own rule: whole numbers are its own ids, and colons divide its keys.
    if job_id is not None and (not job_id or ":" in job_id or re.fullmatch(r"-?[0-9]+", job_id)):
        raise ValueError("A job's id must not be empty, nor a whole number, nor hold a colon.")
