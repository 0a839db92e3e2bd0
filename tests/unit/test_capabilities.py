"""Whose work it is that somebody in a room asks about."""

from __future__ import annotations

import pytest

from control_plane.capabilities import Rules


@pytest.mark.parametrize(
    ("roles", "author"),
    [
        ({"ada": "candidate"}, "ada"),
        ({"ada": "candidate", "bob": "candidate"}, "ada"),
        ({"ada": "interviewer", "bob": "candidate"}, "bob"),
        ({"ada": "observer", "bob": "candidate", "eve": "interviewer"}, "bob"),
        ({"ada": "interviewer", "bob": "candidate", "eve": "candidate"}, None),
        ({"ada": "interviewer", "bob": "observer"}, None),
        ({"ada": "a role of a team's own", "bob": "candidate"}, "bob"),
        ({}, None),
    ],
)
def test_whose_work_ada_asks_about(roles: dict[str, str], author: str | None) -> None:
    assert Rules().whose_work(roles, "ada") == author
