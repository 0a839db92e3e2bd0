"""Retention of jobs that have ended, by BullMQ's ``removeOnComplete`` and ``removeOnFail``."""

from __future__ import annotations

from aiplane.redis.untrusted_json import whole_number


def kept_jobs(value: object) -> bool | int | dict[str, int]:
    """Return such an option as BullMQ's scripts can take it; False, which keeps all, if it makes no sense."""
    if isinstance(value, bool):
        return value
    if isinstance(value, dict):
        limits = {name: whole_number(value.get(name)) for name in ("age", "count", "limit")}
        return {name: number for name, number in limits.items() if number is not None} or False
    return whole_number(value, default=False)
