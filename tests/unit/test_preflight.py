"""A Redis that can lose jobs is told apart from one that cannot, with what to do about it."""

from __future__ import annotations

from typing import Any

import pytest

from aiplane.redis.preflight import UnfitRedisError, judge

FIT = {
    "redis_version": "7.0.15", "maxmemory_policy": "noeviction", "aof_enabled": 1, "role": "master",
    "aof_last_write_status": "ok",
}  # fmt: skip


def test_a_durable_redis_is_fit() -> None:
    assert judge(FIT) == []


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"redis_version": "6.0.16"}, "6.2 or newer"),
        ({"redis_version": "5.0.7"}, "6.2 or newer"),
        ({"redis_version": "x"}, "6.2 or newer"),
        ({"maxmemory_policy": "allkeys-lru"}, "noeviction"),
        ({"aof_enabled": 0}, "appendonly yes"),
        ({"aof_last_write_status": "err"}, "disk"),
        ({"role": "slave"}, "primary"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do(change: dict[str, Any], names: str) -> None:
    [finding] = judge(FIT | change)
    assert finding.loses_jobs
    assert names in finding.sentence
    assert finding.sentence in str(UnfitRedisError([finding]))


@pytest.mark.parametrize("version", ["6.2.0", "7.4.1", "8.0.0", "10.0.0"])
def test_newer_versions_will_do(version: str) -> None:
    assert judge(FIT | {"redis_version": version}) == []
