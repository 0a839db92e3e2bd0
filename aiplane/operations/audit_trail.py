"""Audit trail of what people do to jobs by hand: in the log of each job, and in the log of every bridge."""

from __future__ import annotations

import getpass
import json
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from redis import RedisError

from aiplane.bull import KEEP_LOGS
from aiplane.ledger.runs import ledger_prefix
from aiplane.redis.untrusted_json import read_object, whole_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

JOBS_NAMED = 20
"""How many jobs one line names; the log of each job has its own."""

LONGEST_LINE = 2_000
"""Characters of a line: ids of jobs may be of any length."""


def person() -> str:
    """Name who runs this program, as ``user@host``; behind sudo it is who called that."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        user = f"uid-{os.getuid()}"
    return visible(f"{user}@{socket.gethostname()}")[:100]


def visible(text: str) -> str:
    """Return a text as one line that commands no terminal."""
    return "".join(each if each.isprintable() else "?" for each in text)


def channel(bullmq_prefix: str) -> str:
    """Return the channel on which bridges hear what was done."""
    return f"{ledger_prefix(bullmq_prefix)}operators"


async def announce(
    redis: Redis, bullmq_prefix: str, *, who: str, did: str, queue: str, jobs: Sequence[str]
) -> None:
    """Have the bridges write into their logs what was done to some jobs; nothing is sent of none."""
    if jobs:
        told = {"who": who, "did": did, "queue": queue, "jobs": list(jobs[:JOBS_NAMED]), "count": len(jobs)}
        # Done is done, whether or not it can be told.
        with suppress(RedisError):
            await redis.publish(channel(bullmq_prefix), json.dumps(told))


def read(text: str) -> str:
    """Return what was announced as a line for a log; anyone may have sent it."""
    told = read_object(text)
    jobs = told.get("jobs")
    named = [str(each) for each in jobs[:JOBS_NAMED]] if isinstance(jobs, list) else []
    more = " and more" if whole_number(told.get("count"), 0) > len(named) else ""
    line = f"{told.get('who')} has {told.get('did')} of {told.get('queue')}: {', '.join(named)}{more}"
    return visible(line)[:LONGEST_LINE]


def kept_lines(options: object) -> int:
    """Return how many lines the log of a job keeps, by its options as stored."""
    wanted = whole_number(options.get("kl")) if isinstance(options, dict) else None
    return min(wanted or KEEP_LOGS, KEEP_LOGS)
