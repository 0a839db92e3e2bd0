"""Route of a room's events, as they come."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, Header
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event

from control_plane.access import Entry, Visit
from control_plane.bell import wait_until_rung
from control_plane.errors import ApiError
from control_plane.feed import PAGE, Start, begin, read_after
from control_plane.routes import refusals
from control_plane.services import Here, Services  # noqa: TC001 - FastAPI reads it

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from starlette.types import Receive, Scope, Send

    from control_plane.listeners import Listener

Found = TypeVar("Found")

router = APIRouter(tags=["ai"], prefix="/rooms/{roomId}/ai")

PING_SECONDS: Final = 15.0
"""Seconds without an event after which a comment goes out: what stands between would take it for dead."""

CHECK_SECONDS: Final = 30.0
"""Seconds after which it is looked whether the listener is still one of the room's."""

LONGEST_SECONDS: Final = 600.0
"""Seconds after which a stream ends, or earlier with its token; a browser resumes, with one that holds."""

RETRY_MS: Final = 1_000
REPLACED_RETRY_MS: Final = 30_000
"""How soon a browser comes back: later where another stream of the same person took the place."""

LastEventId = Annotated[
    int | None,
    Header(alias="Last-Event-ID", ge=0, le=2**63 - 1, description="The id of the last event that was seen."),
]

_entry = Entry("room:listen")


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "The events."},
        **refusals(400, 401, 403, 404),
    },
)
async def listen(
    visit: Annotated[Visit, Depends(_entry)], here: Here, last_event_id: LastEventId = None
) -> Any:
    """Tell what happens in a room, as server-sent events with JSON in them.

    - `ready` `{resumed}` comes first. If `resumed` is false, read the conversation and the states of jobs
      anew: the stream begins now, because no `Last-Event-ID` came or what followed it is not kept any more.
    - `message`: a turn of the conversation, as `GET …/messages` shows it, with its remarks at lines of code.
    - `job` `{jobId, kind, status, error?}`: how a job of the caller stands.
    - `quota` `{kind, limit, windowSeconds, remaining, resetAt}`: what is left to the caller of a limit.
    - `room` `{state}`: the session has ended.

    After `Last-Event-ID` nothing is missed and nothing comes twice. A stream ends after ten minutes, when its
    token expires, when the listener is no participant any more, and when a person has opened eight others.
    """
    start = await begin(here, visit.room.id, last_event_id)
    return _Stream(here, visit, start)


class _Stream(StreamingResponse):
    """An open stream; it has its place among the listeners from here to its end, however it ends.

    Not the framework's own class for it: that takes over the stream, and ends it on a first error.
    """

    media_type = "text/event-stream"

    def __init__(self, here: Services, visit: Visit, start: Start) -> None:
        self._listeners = here.listeners
        self._listener = here.listeners.enter(visit.caller.id)
        super().__init__(_lines(here, visit, start, self._listener), headers={"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._listeners.leave(self._listener)


async def _lines(here: Services, visit: Visit, start: Start, listener: Listener) -> AsyncIterator[bytes]:
    """Yield what goes out: the events, and what keeps the connection open."""
    ready = json.dumps({"resumed": start.resumed})
    yield format_sse_event(id=str(start.after), event="ready", data_str=ready, retry=RETRY_MS)
    last = start.after
    clock = asyncio.get_running_loop().time
    until, check_at = clock() + _seconds_of(visit), clock() + CHECK_SECONDS
    ping_at = clock() + PING_SECONDS
    with here.bell.heard(visit.room.id) as rung:
        listener.wakes_by(rung)
        while clock() < until and not here.bell.closing and not listener.replaced:
            try:
                if clock() >= check_at:
                    await _to_its_end(_entry(visit.room.id, visit.caller, here))
                    check_at = clock() + CHECK_SECONDS
                events = await _to_its_end(read_after(here, visit, last))
            except ApiError:
                # No participant any more, or the database is away: a browser that resumes is told which.
                return
            for event in events:
                last = event.id
                yield format_sse_event(id=str(last), event=event.type, data_str=json.dumps(event.data))
            if events:
                ping_at = clock() + PING_SECONDS
            elif clock() >= ping_at:
                ping_at = clock() + PING_SECONDS
                yield format_sse_event(comment="still here")
            if len(events) < PAGE:
                await wait_until_rung(rung, max(min(ping_at, until, check_at) - clock(), 0))
    if listener.replaced:
        yield format_sse_event(comment="another stream of yours took the place", retry=REPLACED_RETRY_MS)


async def _to_its_end(work: Coroutine[Any, Any, Found]) -> Found:
    """Await a look at the database, which goes on to its end where the stream is cancelled meanwhile.

    A connection whose taking is cancelled would be lost to the pool.
    """
    task = asyncio.create_task(work)
    # Where nobody awaits it any more, nobody is told how it failed either.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return await asyncio.shield(task)


def _seconds_of(visit: Visit) -> float:
    """Return how long a stream may last."""
    until = visit.caller.until
    return LONGEST_SECONDS if until is None else min(LONGEST_SECONDS, until - time.time())
