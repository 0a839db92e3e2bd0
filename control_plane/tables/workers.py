"""Knowledge of the workers that all processes share: the breaker's state, and the pools that are missing."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from control_plane.tables.base import Moment, Table, Word


class Breaker(Table):
    """State of one circuit breaker.

    Attributes:
        failures: how many calls have failed in a row.
        open_until: when it becomes half-open; None while it is closed.
        probe_until: until when somebody's probe may take; None if nobody probes.
    """

    __tablename__ = "breakers"

    name: Mapped[Word] = mapped_column(primary_key=True)
    failures: Mapped[int]
    open_until: Mapped[Moment | None]
    probe_until: Mapped[Moment | None]


class PoolAbsence(Table):
    """A kind of which no pool lives.

    Attributes:
        since: when that was seen first.
        seen_at: when that was seen last.
    """

    __tablename__ = "pool_absences"

    kind: Mapped[Word] = mapped_column(primary_key=True)
    since: Mapped[Moment]
    seen_at: Mapped[Moment]
