"""The pauses between tries: they grow, and never end."""

from __future__ import annotations

from itertools import islice

from aiplane.context.backoff import doubled, listed


def test_pauses_are_doubled_up_to_the_longest() -> None:
    assert [*islice(doubled(0.5, 3.0), 6)] == [0.5, 1.0, 2.0, 3.0, 3.0, 3.0]


def test_of_listed_pauses_the_last_is_repeated() -> None:
    assert [*islice(listed((0.2, 0.5, 1.0)), 5)] == [0.2, 0.5, 1.0, 1.0, 1.0]
