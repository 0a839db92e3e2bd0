"""The queue that a person names, by the kind of its jobs or as BullMQ does, and how to get at it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from aiplane.bull import Bull
from aiplane.queues import KINDS
from aiplane.redis.clients import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis

    from aiplane.queues import Kind
    from aiplane.settings import Settings


def queue_named(settings: Settings, word: str) -> str:
    """Return BullMQ's name of the queue that a person means.

    Raises:
        click.UsageError: there is no such queue; it names those that there are.
    """
    names = {kind: settings.queue_name(kind) for kind in KINDS}
    for kind, name in names.items():
        if word in (kind, name):
            return name
    known = ", ".join(f"{kind} ({name})" for kind, name in names.items())
    raise click.UsageError(f"There is no queue of that name. There are: {known}.")


def kind_of(settings: Settings, queue: str) -> Kind:
    """Return the kind of the jobs of a queue that :func:`queue_named` returned."""
    return next(kind for kind in KINDS if settings.queue_name(kind) == queue)


@asynccontextmanager
async def open_queues(settings: Settings) -> AsyncIterator[tuple[Redis, Bull]]:
    """Connect to Redis, for as long as the block lasts."""
    async with connect(settings.redis_url) as redis:
        yield redis, Bull(redis, settings.bullmq_prefix)
