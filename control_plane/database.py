"""PostgreSQL: one pool of connections a process, and transactions that end in bounded time."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import QueuePool

from control_plane.errors import UnavailableError
from control_plane.events import write_events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Dialect
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

POOL: Final = 10
"""Connections that a process keeps. PostgreSQL allows 100 in all unless it is told otherwise."""

WAIT_SECONDS: Final = 5.0
"""Seconds that a request waits for a connection of the pool, and for a new one to be made."""

TRANSACTION_SECONDS: Final = 10.0
"""The longest that a transaction may take; the server ends a statement, and an idle transaction, before."""

CANCEL_SECONDS: Final = 1.0
"""Seconds that a server gets to cancel what took too long. One that is frozen does not hear of it."""

RESTED_SECONDS: Final = 1.0
"""A connection that has not been used for so long is tried before it is used: it may have broken since. One
that was used a moment before is not, which would be a wait more for each transaction."""

_SERVER_SIDE: Final = (
    "-c statement_timeout=8000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000"
    " -c timezone=UTC -c jit=off"
)


class Database:
    """The database of the settings. Nothing is connected before the first transaction."""

    def __init__(self, url: str) -> None:
        self.engine: AsyncEngine = create_async_engine(
            sqlalchemy_url(url),
            pool_size=POOL,
            max_overflow=POOL,
            pool_timeout=WAIT_SECONDS,
            # The one that was used last: its server process knows the statements already.
            pool_use_lifo=True,
            # What is bound to a statement is what candidates wrote; it stays out of errors.
            hide_parameters=True,
            connect_args=connect_arguments(),
        )
        event.listen(self.engine.sync_engine, "checkin", _note_use)
        event.listen(self.engine.sync_engine, "checkout", partial(_ping, self.engine.sync_engine.dialect))
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        each = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._statements = async_sessionmaker(each, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Do the block in a transaction, which is committed at its end, and rolled back where it raises.

        Raises:
            UnavailableError: PostgreSQL is away, or did not answer in time. If that was at the end, it is
                not known whether the transaction counts: whoever asks again asks with the same key.
        """
        async with _bounded(), self._sessions.begin() as session:
            yield session
            await write_events(session)

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncSession]:
        """Do the block without a transaction: each statement counts by itself, and waits for no ``BEGIN``.

        For a look at something. Nothing can be told to a room in it.

        Raises:
            UnavailableError: likewise.
        """
        async with _bounded(), self._statements() as session:
            yield session

    async def close(self) -> None:
        """Close the connections, once what was broken off has given its own back."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CANCEL_SECONDS):
                while self._taken():  # noqa: ASYNC110 -- the pool tells nobody
                    await asyncio.sleep(0.01)
        await self.engine.dispose()

    def _taken(self) -> int:
        pool = self.engine.sync_engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0


@asynccontextmanager
async def _bounded() -> AsyncIterator[None]:
    try:
        async with (
            # Cancelled once, the driver asks the server to cancel, and waits; the second time it leaves.
            asyncio.timeout(TRANSACTION_SECONDS + CANCEL_SECONDS),
            asyncio.timeout(TRANSACTION_SECONDS),
        ):
            yield
    except (TimeoutError, PoolTimeoutError) as error:
        raise _away() from error
    except DBAPIError as error:
        if is_outage(error):
            raise _away() from error
        raise


def _note_use(_: Any, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


def _ping(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
    """Try a connection that has lain in the pool for a while; if it is broken, all of them are."""
    if time.monotonic() - record.info.get("used_at", time.monotonic()) < RESTED_SECONDS:
        return
    try:
        holds = dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        holds = False
    if not holds:
        raise InvalidatePoolError


def sqlalchemy_url(url: str) -> str:
    """Return the URL as SQLAlchemy takes it, which has the driver's name in it."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def connect_arguments() -> dict[str, Any]:
    """Return how connections are made: bounded, and noticed when the other side has vanished."""
    return {
        "connect_timeout": round(WAIT_SECONDS),
        "options": _SERVER_SIDE,
        "application_name": "aiplane-control-plane",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }


def is_outage(error: DBAPIError) -> bool:
    """True if the database is away or overloaded, and the same may succeed a moment later."""
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _away() -> UnavailableError:
    sentence = "The database does not answer at the moment. Nothing is lost; try again in a few seconds."
    return UnavailableError(sentence, retry_after=3, code="database_unavailable")
