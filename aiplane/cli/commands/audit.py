"""``aiplane audit``: name the jobs that are in none of their queue's lists, and so will never run."""

from __future__ import annotations

import asyncio
import sys

import click

from aiplane.bull import Bull
from aiplane.bull.lost_jobs import Audit
from aiplane.cli.terminal.errors import naming_redis
from aiplane.cli.terminal.screen import show_json
from aiplane.cli.terminal.statuses import FAILED
from aiplane.queues import KINDS, dead_letters_of, results_of
from aiplane.redis.clients import connect
from aiplane.settings import Settings


@click.command()
def audit() -> None:
    """Look for jobs that were lost between lists; the exit status is 1 if there are any.

    It walks over all keys of the database, in small steps, and changes nothing.
    """
    settings = Settings.load()
    with naming_redis(settings.redis_url):
        found = asyncio.run(_audit(settings))
    show_json(found)
    if any(found.values()):
        sys.exit(FAILED)


async def _audit(settings: Settings) -> dict[str, list[str]]:
    names = [settings.queue_name(kind) for kind in KINDS]
    every = [each for name in names for each in (name, results_of(name), dead_letters_of(name))]
    async with connect(settings.redis_url) as redis:
        bull = Bull(redis, settings.bullmq_prefix)
        return {name: [job async for job in Audit(redis, bull.queue(name)).lost_jobs()] for name in every}
