"""Listeners of a process: a person's oldest stream makes room, a full process takes nobody."""

from __future__ import annotations

import asyncio

import pytest

from control_plane.errors import UnavailableError
from control_plane.listeners import MOST, MOST_OF_ONE, Listeners


def test_the_oldest_stream_of_a_person_makes_room() -> None:
    listeners = Listeners()
    other = listeners.enter("eve")
    mine = [listeners.enter("ada") for _ in range(MOST_OF_ONE + 2)]
    assert [each.replaced for each in mine] == [True, True] + [False] * MOST_OF_ONE
    assert not other.replaced
    listeners.leave(mine[0])
    listeners.leave(mine[-1])
    assert not listeners.enter("ada").replaced
    assert not mine[2].replaced


def test_a_stream_that_waits_is_woken_to_end() -> None:
    listeners = Listeners()
    first = listeners.enter("ada")
    bell = asyncio.Event()
    first.wakes_by(bell)
    for _ in range(MOST_OF_ONE):
        listeners.enter("ada")
    assert bell.is_set()


def test_a_full_process_takes_nobody_until_somebody_leaves() -> None:
    listeners = Listeners()
    there = [listeners.enter(f"user-{number}") for number in range(MOST)]
    with pytest.raises(UnavailableError):
        listeners.enter("ada")
    listeners.leave(there[0])
    listeners.enter("ada")
    assert len(listeners) == MOST
