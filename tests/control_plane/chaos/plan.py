"""Everything that is asked and everything that is killed: drawn from a seed, before anything starts."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum
from typing import Any

ROOMS, USERS = 12, 20
"""Fewer than there are clients: so two of them are often in one room, and sometimes in one name."""

CODE = "def two_sum(numbers, target):\n    return [0, 1]\n"
SAID = "I would look at each pair of numbers, which is quadratic. Or a dictionary?"

_BODIES: dict[str, tuple[dict[str, Any], ...]] = {
    "message": (
        {"message": SAID},
        {"message": SAID, "code": CODE},
        {"message": SAID, "trigger": "user_message"},
    ),
    "hint": ({"hintLevel": "subtle"}, {"hintLevel": "moderate", "code": CODE}, {"hintLevel": "direct"}),
    "review": ({"code": CODE}, {"code": CODE, "rubric": ["Is it correct?"]}),
}
_SHARES = {"message": 6, "hint": 3, "review": 1}
_TWICE = 0.1


class Blow(Enum):
    """One kind of kill, each by SIGKILL; they fall in this order, again and again."""

    SERVICE = "service"
    POOL = "pool"
    BRIDGE = "bridge"
    REDIS = "Redis"


@dataclass(frozen=True)
class Request:
    """One thing that is asked for.

    Attributes:
        key: its ``Idempotency-Key``, with which it is sent until it is accepted.
        what: the route: message, hint or review.
        room: the number of the room.
        user: the number of the user.
        body: what is sent.
        twice: whether it is sent to both services at the same time.
    """

    key: str
    what: str
    room: int
    user: int
    body: dict[str, Any]
    twice: bool


def draw_requests(seed: int, count: int) -> list[Request]:
    """Return all requests in their order."""
    chance = random.Random(seed)
    return [_draw(chance, f"{seed}-{number}") for number in range(count)]


def _draw(chance: random.Random, key: str) -> Request:
    (what,) = chance.choices([*_SHARES], [*_SHARES.values()])
    place = (chance.randrange(ROOMS), chance.randrange(USERS))
    return Request(key, what, *place, chance.choice(_BODIES[what]), chance.random() < _TWICE)
