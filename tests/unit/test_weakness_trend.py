"""The published rules of weaknesses: frequency and trend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from control_plane.weaknesses import Sighting, summarize, trend_of

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seen", "sessions", "trend"),
    [
        ("", "abcdef", "stable"),
        ("abc", "abcdef", "worsening"),
        ("def", "abcdef", "improving"),
        ("ad", "abcdef", "stable"),
        ("abd", "abcdef", "worsening"),
        ("a", "a", "stable"),
        ("b", "ab", "improving"),
        ("a", "ab", "worsening"),
        ("ac", "abc", "improving"),  # 1 of 2, then 1 of 1
        ("g", "abcdefg", "stable"),  # the seventh is too long ago
        ("defg", "abcdefg", "improving"),
        ("x", "ab", "stable"),
        ("a", "", "stable"),
    ],
)
def test_the_newer_half_of_six_sessions_is_compared_with_the_older(
    seen: str, sessions: str, trend: str
) -> None:
    assert trend_of(set(seen), list(sessions)) == trend


def test_frequency_counts_sessions_and_the_most_frequent_comes_first() -> None:
    sightings = [
        Sighting("off_by_one", "a", "One", NOW),
        Sighting("edge_cases", "a", "One", NOW - timedelta(days=1)),
        Sighting("edge_cases", "b", "Two", NOW - timedelta(days=2)),
    ]
    first, second = summarize(sightings, ["a", "b"])
    assert (first.category, [each.session_id for each in first.sightings]) == ("edge_cases", ["a", "b"])
    assert second.category == "off_by_one"
    assert first.to_payload() == {
        "category": "edge_cases",
        "description": first.description,
        "frequency": 2,
        "trend": "stable",
        "lastSeenAt": round((NOW - timedelta(days=1)).timestamp() * 1000),
    }
