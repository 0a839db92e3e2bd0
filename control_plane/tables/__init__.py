"""The tables. Those of ``platform`` a team can have elsewhere; the rest is always ours."""

from control_plane.tables.base import Table
from control_plane.tables.conversation import Hint, Message, Review, WeaknessSighting
from control_plane.tables.jobs import Event, IdempotencyKey, Job, OutboxEntry
from control_plane.tables.platform import CodeVersion, Execution, Participant, Problem, Room
from control_plane.tables.workers import Breaker, PoolAbsence

__all__ = [
    "Breaker",
    "CodeVersion",
    "Event",
    "Execution",
    "Hint",
    "IdempotencyKey",
    "Job",
    "Message",
    "OutboxEntry",
    "Participant",
    "PoolAbsence",
    "Problem",
    "Review",
    "Room",
    "Table",
    "WeaknessSighting",
]
