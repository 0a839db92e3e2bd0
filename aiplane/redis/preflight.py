"""Preflight of a Redis at a bridge's start: whether it is fit to keep jobs, and what to do about it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from redis.exceptions import ResponseError

from aiplane.redis.refusals import is_outage, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redis.asyncio import Redis

OLDEST = (6, 2)
"""The oldest Redis that will do: LPOS came in 6.0.6, and BullMQ itself asks for 6.2."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        sentence: what it is, what it can cost, and what to do.
        loses_jobs: whether it can cost jobs or results; such a Redis is refused in production.
        unknown: whether it is only that Redis does not tell.
    """

    sentence: str
    loses_jobs: bool
    unknown: bool = False


class UnfitRedisError(Exception):
    """Redis that is not fit to keep jobs, in production. The message says why and how to go on."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings)
        self.findings = findings

    def __str__(self) -> str:
        """List what was found."""
        return "\n  ".join(
            (
                "this Redis can lose jobs, or may; set REDIS_ACCEPT_DATA_LOSS=yes to start all the same:",
                *(finding.sentence for finding in self.findings if finding.loses_jobs),
            )
        )


async def examine(redis: Redis) -> list[Finding]:
    """Look at a Redis.

    Raises:
        redis.RedisError: it could not be asked.
    """
    try:
        return judge(await redis.info())
    except ResponseError as error:
        if is_outage(error):
            raise
        return [
            Finding(
                f"{told(error)}: whether it can lose jobs cannot be examined. "
                "Give the user the right to INFO, or look at its settings yourself.",
                loses_jobs=True,
                unknown=True,
            )
        ]


def judge(info: Mapping[str, Any]) -> list[Finding]:
    """Return what is wrong with a Redis that says this of itself (``INFO``)."""
    findings = []
    version = str(info.get("redis_version", ""))
    if _numbers(version) < OLDEST:
        sentence = f"Redis is {version or 'of an unknown version'}; it must be 6.2 or newer."
        findings.append(Finding(sentence, loses_jobs=True))
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        findings.append(
            Finding(
                f"maxmemory-policy is {policy}: when memory is short, Redis deletes jobs. "
                "Set maxmemory-policy noeviction.",
                loses_jobs=True,
            )
        )
    if not info.get("aof_enabled"):
        findings.append(
            Finding(
                "appendonly is off: what came since the last snapshot is gone when Redis ends. "
                "Set appendonly yes and appendfsync everysec.",
                loses_jobs=True,
            )
        )
    if info.get("aof_last_write_status", "ok") != "ok":
        sentence = "Redis could not write its append-only file; look at its disk."
        findings.append(Finding(sentence, loses_jobs=True))
    if info.get("role", "master") != "master":
        sentence = "This Redis is a replica: it takes no writes. Point REDIS_URL at the primary."
        findings.append(Finding(sentence, loses_jobs=True))
    return findings


async def foreign_workers(redis: Redis, prefix: str, queue: str, bridges: Iterable[str]) -> list[str]:
    """Name the workers of a queue that are no bridges: during a migration, say, or by mistake.

    Args:
        redis: a client.
        prefix: BullMQ's key prefix.
        queue: BullMQ's name of the queue.
        bridges: the ids of the living bridges.

    Returns:
        The names of their connections; empty where ``CLIENT LIST`` is not allowed.
    """
    try:
        clients: list[dict[str, str]] = await redis.client_list()
    except Exception:  # noqa: BLE001 -- some hosts forbid it, each in its own words
        return []
    worker = f"{prefix}:{base64.b64encode(queue.encode()).decode()}"
    ours = set(bridges)
    names = [client.get("name", "") for client in clients]
    return sorted(
        name
        for name in names
        if (name == worker or name.startswith(f"{worker}:w:")) and name.rpartition(":")[2] not in ours
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
