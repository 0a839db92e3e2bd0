"""Everything that is asked and everything that is killed: drawn from a seed, before anything starts."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from enum import Enum
from typing import Any

ROOMS, USERS = 48, 5
"""Fewer rooms than there are clients: so two of them are often in one room, and sometimes in one name."""

CODE = "def two_sum(numbers, target):\n    return [0, 1]\n"
SAID = "I would look at each pair of numbers, which is quadratic. Or a dictionary?"

_BODIES: dict[str, tuple[dict[str, Any], ...]] = {
    "message": ({"message": SAID}, {"message": SAID, "trigger": "user_message"}),
    "hint": ({"hintLevel": "subtle"}, {"hintLevel": "moderate"}, {"hintLevel": "direct"}),
    "review": ({}, {"rubric": ["Is it correct?"]}),
}
SHARES = {"message": 6, "hint": 3, "review": 1}
_TWICE = 0.1

MEAN_SECONDS, LONGEST_SECONDS = 0.4, 3.0
"""How long the model takes."""


class Blow(Enum):
    """One kind of kill, each by SIGKILL; they fall in turn."""

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


def limits_of(count: int) -> dict[str, int]:
    """Return, by route, how often a person may ask in a room: a few of so many requests are too many."""
    means = {what: count * share / sum(SHARES.values()) / (ROOMS * USERS) for what, share in SHARES.items()}
    return {what: math.ceil(mean + math.sqrt(mean)) for what, mean in means.items()}


def draw_requests(seed: int, count: int) -> list[Request]:
    """Return all requests in their order."""
    chance = random.Random(seed)
    return [_draw(chance, f"{seed}-{number}") for number in range(count)]


def _draw(chance: random.Random, key: str) -> Request:
    (what,) = chance.choices([*SHARES], [*SHARES.values()])
    place = (chance.randrange(ROOMS), chance.randrange(USERS))
    # The model counts each call for the case that the code names, takes its time, and repeats no hint.
    takes = min(chance.expovariate(1 / MEAN_SECONDS), LONGEST_SECONDS)
    code = f"# [[case: {key}]] [[provider: answer=fresh delay={takes:.2f}]]\n{CODE}"
    body = {**chance.choice(_BODIES[what]), "code": code}
    return Request(key, what, *place, body, chance.random() < _TWICE)
