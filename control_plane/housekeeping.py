"""Housekeeping: rows that nobody needs any more are removed, a few at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, select, tuple_

from control_plane.side_task import SideTask
from control_plane.tables import Event, IdempotencyKey

if TYPE_CHECKING:
    from control_plane.database import Database

EACH_SECONDS: Final = 60.0
KEPT: Final = timedelta(days=1)
"""Age at which events and idempotency keys go. A browser that resumes after a day reads the history."""

BATCH: Final = 1_000
"""Rows of a table that one round removes at most, so that none takes long."""


class Housekeeping(SideTask):
    """Removal of old events and idempotency keys, within an ``async with`` block."""

    def __init__(self, database: Database) -> None:
        super().__init__("housekeeping", self.clean_up, EACH_SECONDS)
        self._database = database

    async def clean_up(self) -> None:
        """Remove some of what is old."""
        old = func.clock_timestamp() - KEPT
        # In the order of their ids: a stream that resumes can tell from the oldest that nothing is missing.
        events = select(Event.id).where(Event.created_at < old).order_by(Event.id).limit(BATCH)
        pair = (IdempotencyKey.owner, IdempotencyKey.key)
        keys = select(*pair).where(IdempotencyKey.created_at < old).limit(BATCH)
        async with self._database.transaction() as session:
            await session.execute(delete(Event).where(Event.id.in_(events)))
            await session.execute(delete(IdempotencyKey).where(tuple_(*pair).in_(keys)))
