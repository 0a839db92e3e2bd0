"""Routes of probes: whether this process lives, and whether anybody would answer what is asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Literal

from fastapi import APIRouter, Response
from redis.exceptions import RedisError

from aiplane.queues import KINDS
from control_plane.bodies import Body
from control_plane.routes import refusals
from control_plane.services import Here  # noqa: TC001 - FastAPI reads it

if TYPE_CHECKING:
    from aiplane.operations.capacity import Capacity

router = APIRouter(tags=["health"])

LOOK_SECONDS: Final = 0.8
"""Seconds that a look at Redis may take: the answer comes within one."""


class Alive(Body):
    """Liveness of this process."""

    status: Literal["ok"] = "ok"


class KindHealth(Body):
    """Health of one kind of job.

    Attributes:
        pool: whether a pool of that kind lives and takes jobs.
        slots: how many jobs the living pools run at once.
        waiting: jobs that wait for a slot.
        oldest_waiting_ms: how long the one that has waited longest does.
    """

    pool: bool
    slots: int
    waiting: int
    oldest_waiting_ms: int


class WorkersHealth(Body):
    """Health of the workers, as it is at this moment.

    Attributes:
        status: ``ok``; ``degraded`` where a kind is not answered or waits too long; ``down`` without a Redis.
        redis: whether it answers.
        missing: the kinds without a pool.
        kinds: each kind; none where Redis does not answer.
    """

    status: Literal["ok", "degraded", "down"]
    redis: bool
    missing: list[str]
    kinds: dict[str, KindHealth]


@router.get("/health", response_model=Alive, responses=refusals())
async def health() -> Any:
    """Say that this process answers. It asks nobody else."""
    return Alive()


@router.get(
    "/health/ai",
    response_model=WorkersHealth,
    responses={**refusals(), 503: {"model": WorkersHealth, "description": "Not all would be answered."}},
)
async def workers_health(here: Here, response: Response) -> Any:
    """Look at the workers, whatever the breaker thinks of them, for less than a second."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            capacity = await here.client.capacity()
    except (RedisError, OSError, TimeoutError):
        response.status_code = 503
        return WorkersHealth(status="down", redis=False, missing=[], kinds={})
    wanted = [kind for kind in KINDS if kind != "transcribe" or here.settings.stt_provider != "none"]
    missing = [kind for kind in wanted if not capacity[kind].slots]
    oldest = max(each.oldest_ms for each in capacity.values())
    sound = not missing and oldest <= here.settings.oldest_waiting_seconds * 1000
    if not sound:
        response.status_code = 503
    return WorkersHealth(
        status="ok" if sound else "degraded",
        redis=True,
        missing=[*missing],
        kinds={kind: _health(each) for kind, each in capacity.items()},
    )


def _health(capacity: Capacity) -> KindHealth:
    return KindHealth(
        pool=capacity.slots > 0,
        slots=capacity.slots,
        waiting=capacity.waiting,
        oldest_waiting_ms=capacity.oldest_ms,
    )
