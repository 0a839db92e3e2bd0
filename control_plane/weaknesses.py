"""Weaknesses of a person over sessions, from the signals of reviews and interviews.

*Frequency* is in how many sessions a weakness was seen. *Trend* compares the newer half of the person's
latest six sessions with the older half: seen in a smaller share of them it is ``improving``, in a larger
share ``worsening``, else ``stable``. A session counts once it has had a review or a reply; of an odd number
the newer half has one more. With one session there is nothing to compare: ``stable``.

A weakness is of whoever wrote the code. A review that somebody else in the room asks for, of the code as it
was saved there, shows weaknesses of the one person who writes code in it. Whose it is that somebody else
brings along, or in a room where several write, nobody knows: nothing is noted.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from sqlalchemy import func, select

from control_plane.tables import Job, WeaknessSighting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

Trend: TypeAlias = Literal["improving", "stable", "worsening"]

COMPARED: Final = 6
"""Latest sessions that a trend is read from."""

MOST_SIGHTINGS: Final = 2_000
"""Latest sessions with a weakness that are read, of all weaknesses together."""

DESCRIPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "edge_cases": "Empty, smallest, largest and unusual inputs are not thought of.",
        "time_complexity": "How the running time grows with the input is not seen, or not put right.",
        "space_complexity": "How much memory is needed is not seen, or not put right.",
        "variable_naming": "Names do not say what they stand for.",
        "code_structure": "The code is not divided so that its parts can be read by themselves.",
        "off_by_one": "Loops and indexes begin or end one too early or too late.",
        "input_validation": "What comes in is trusted to be as it should be.",
        "communication": "What is thought and decided is not said.",
    }
)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A weakness that showed in a session, and when it showed there last."""

    category: str
    session_id: str
    problem_title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WeaknessRecord:
    """A weakness of a person, over all sessions.

    Attributes:
        sightings: the sessions in which it was seen, newest first.
    """

    category: str
    trend: Trend
    sightings: tuple[Sighting, ...]

    @property
    def description(self) -> str:
        """The weakness in a sentence."""
        return DESCRIPTIONS.get(self.category, self.category.replace("_", " "))

    def to_payload(self) -> dict[str, Any]:
        """Return it as one of the wire's ``historicalWeaknesses``."""
        return {
            "category": self.category,
            "description": self.description,
            "frequency": len(self.sightings),
            "trend": self.trend,
            "lastSeenAt": round(self.sightings[0].at.timestamp() * 1000),
        }


def summarize(sightings: Iterable[Sighting], sessions: Sequence[str]) -> list[WeaknessRecord]:
    """Return a person's weaknesses, the most frequent first.

    Args:
        sightings: every session in which one was seen.
        sessions: the person's latest sessions, newest first.
    """
    by_category: dict[str, list[Sighting]] = {}
    for each in sorted(sightings, key=lambda each: each.at, reverse=True):
        by_category.setdefault(each.category, []).append(each)
    records = [
        WeaknessRecord(category, trend_of({each.session_id for each in seen}, sessions), tuple(seen))
        for category, seen in by_category.items()
    ]
    return sorted(records, key=lambda each: (-len(each.sightings), each.category))


def trend_of(seen: Collection[str], sessions: Sequence[str]) -> Trend:
    """Return the trend of a weakness that was seen in some sessions."""
    latest = sessions[:COMPARED]
    if len(latest) < 2:
        return "stable"
    middle = (len(latest) + 1) // 2
    newer, older = (
        sum(each in seen for each in half) / len(half) for half in (latest[:middle], latest[middle:])
    )
    if newer == older:
        return "stable"
    return "improving" if newer < older else "worsening"


async def weaknesses_of(
    session: AsyncSession, user_id: str, *, but: str | None = None
) -> list[WeaknessRecord]:
    """Return the weaknesses of a person.

    Args:
        session: the transaction.
        user_id: whose.
        but: a session to leave out: the one that is going on.
    """
    last = func.max(WeaknessSighting.seen_at)
    rows = (
        select(
            WeaknessSighting.category,
            WeaknessSighting.room_id,
            func.max(WeaknessSighting.problem_title),
            last,
        )
        .where(WeaknessSighting.user_id == user_id, WeaknessSighting.room_id != (but or ""))
        .group_by(WeaknessSighting.category, WeaknessSighting.room_id)
        .order_by(last.desc())
        .limit(MOST_SIGHTINGS)
    )
    sightings = [Sighting(*row) for row in (await session.execute(rows)).all()]
    if not sightings:
        return []
    began = func.min(Job.created_at)
    latest = (
        select(Job.room_id)
        .where(
            Job.about == user_id,
            Job.kind.in_(("interview", "review")),
            Job.state == "completed",
            Job.room_id != (but or ""),
        )
        .group_by(Job.room_id)
        .order_by(began.desc())
        .limit(COMPARED)
    )
    return summarize(sightings, (await session.scalars(latest)).all())
