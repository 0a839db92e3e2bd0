"""Rate limits per person and room: a count of the jobs asked for, in the transaction that asks.

The rows of the jobs are the count. So the number is right whichever process counts, whatever dies in between,
and without anything to give back: a request that is refused has no row, and a job that failed is not counted.
A library that counts in Redis could do neither: its hits have no names, and are in no transaction of ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from sqlalchemy import func, select

from aiplane.telemetry.instruments import count
from control_plane.errors import RateLimitedError
from control_plane.settings import RateLimit
from control_plane.tables import Job

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from control_plane.settings import ControlPlaneSettings

Asked: TypeAlias = Literal["message", "voice", "hint", "review"]
"""The things a person can ask for; each has a limit of its own."""

ASKED: Final[tuple[Asked, ...]] = ("message", "voice", "hint", "review")

_LOCKS: Final = 2
"""The first half of the advisory locks of limits; rooms' events have another."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Standing of one limit for one person in one room.

    Attributes:
        limit: how many requests any window may hold.
        window_seconds: how long a window is.
        remaining: how many may come now.
        reset_at: when the next one may come, if none may now; else when all are back.
        retry_after: whole seconds until the next one may come; 0 if one may now.
        made: when the latest requests that count came, oldest first.
    """

    limit: int
    window_seconds: int
    remaining: int
    reset_at: datetime
    retry_after: int
    made: tuple[datetime, ...] = ()

    def after(self, request: datetime) -> Quota:
        """Return how it stands after one more request."""
        limit = RateLimit(self.limit, self.window_seconds)
        return judge(limit, request, [*self.made, request][-self.limit :])

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON-ready data."""
        reset = self.reset_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {
            "limit": self.limit,
            "windowSeconds": self.window_seconds,
            "remaining": self.remaining,
            "resetAt": reset,
        }


def limit_of(settings: ControlPlaneSettings, asked: Asked) -> RateLimit:
    """Return the limit of what is asked for."""
    limits: dict[Asked, RateLimit] = {
        "message": settings.rate_limit_messages,
        "voice": settings.rate_limit_voice,
        "hint": settings.rate_limit_hints,
        "review": settings.rate_limit_reviews,
    }
    return limits[asked]


async def look(session: AsyncSession, limit: RateLimit, asked: Asked, room_id: str, user_id: str) -> Quota:
    """Return how a limit stands."""
    now = func.clock_timestamp()
    window = timedelta(seconds=limit.seconds)
    counted = (
        Job.user_id == user_id,
        Job.room_id == room_id,
        Job.asked == asked,
        Job.counts,
        Job.state != "failed",
        Job.created_at > now - window,
    )
    newest = select(Job.created_at).where(*counted).order_by(Job.created_at.desc()).limit(limit.requests)
    moment, made = (await session.execute(select(now, func.array_agg(newest.subquery().c.created_at)))).one()
    return judge(limit, moment, sorted(made or ()))


def judge(limit: RateLimit, now: datetime, made: list[datetime]) -> Quota:
    """Tell how a limit stands.

    Args:
        limit: the limit.
        now: the moment.
        made: when the latest requests that count came, oldest first: as many as the limit at most.
    """
    window = timedelta(seconds=limit.seconds)
    remaining = limit.requests - len(made)
    if remaining > 0:
        reset = made[-1] + window if made else now
        return Quota(limit.requests, limit.seconds, remaining, max(reset, now), 0, tuple(made))
    reset = made[0] + window
    wait = max(math.ceil((reset - now).total_seconds()), 1)
    return Quota(limit.requests, limit.seconds, 0, reset, wait, tuple(made))


async def take(session: AsyncSession, limit: RateLimit, asked: Asked, room_id: str, user_id: str) -> Quota:
    """Return how a limit stands that allows one more; nobody else is told so until the transaction ends.

    Raises:
        RateLimitedError: not now.
    """
    name = f"{asked} {room_id} {user_id}"
    await session.execute(select(func.pg_advisory_xact_lock(_LOCKS, func.hashtext(name))))
    return await check(session, limit, asked, room_id, user_id)


async def check(session: AsyncSession, limit: RateLimit, asked: Asked, room_id: str, user_id: str) -> Quota:
    """Return how a limit stands, if one more could be asked for at this moment; another may be quicker.

    Raises:
        RateLimitedError: not now.
    """
    quota = await look(session, limit, asked, room_id, user_id)
    if quota.retry_after:
        count("ai.api.limited", limit=asked)
        raise RateLimitedError(
            f"That was {quota.limit} times within {quota.window_seconds} seconds, as often as it may be: "
            f"it may be asked for again in {quota.retry_after} s.",
            retry_after=quota.retry_after,
            details=quota.to_wire(),
        )
    return quota
