"""The standing of a limit: what is left, and a Retry-After that is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from control_plane.limits import judge
from control_plane.settings import RateLimit

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LIMIT = RateLimit(3, 300)


def ago(*seconds: float) -> list[datetime]:
    return sorted(NOW - timedelta(seconds=each) for each in seconds)


def test_nothing_asked_yet() -> None:
    quota = judge(LIMIT, NOW, [])
    assert (quota.remaining, quota.retry_after, quota.reset_at) == (3, 0, NOW)


def test_some_are_left() -> None:
    quota = judge(LIMIT, NOW, ago(200, 10))
    assert (quota.remaining, quota.retry_after) == (1, 0)
    assert quota.reset_at == NOW + timedelta(seconds=290)


@pytest.mark.parametrize(
    ("oldest", "seconds"), [(299.9, 1), (299, 1), (298.5, 2), (1, 299), (0, 300), (-0.2, 301)]
)
def test_when_none_is_left_the_oldest_has_to_leave_the_window(oldest: float, seconds: int) -> None:
    quota = judge(LIMIT, NOW, ago(oldest, *([0.0] * 2)) if oldest >= 0 else ago(oldest, oldest, oldest))
    assert (quota.remaining, quota.retry_after) == (0, seconds)
    assert quota.reset_at <= NOW + timedelta(seconds=seconds)
