"""A Redis client that sends what is asked for at one moment together, over one connection.

redis-py takes a connection out of a pool for each command and waits on it for the answer. A bridge asks for
many things at once: sent together, each costs a third of that here, and less in Redis too. What blocks, and
what redis-py itself sends as a pipeline, still has a connection of its own.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import TYPE_CHECKING, Any

import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from aiplane.context.cancellation import cancel
from aiplane.redis.clients import COMMAND_TIMEOUT

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection


class PipelinedRedis(redis.asyncio.Redis):
    """A client for one event loop. Commands are done in the order in which they were asked for.

    Where the connection breaks, or an answer does not come in time, all commands that are under way fail:
    whoever asked finds out what was done, as after any lost reply. The next command connects anew.
    """

    _line: _Line | None = None
    _connecting: asyncio.Lock | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command, and return its answer as redis-py reads it."""
        line = self._line
        if line is None or line.broken:
            line = await self._connect()
        answer = await line.ask(args)
        callback = self.response_callbacks.get(args[0])
        # The keys are for redis-py's cache, which is not used.
        options.pop("keys", None)
        return callback(answer, **options) if callback else answer

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close all connections."""
        if self._line is not None:
            await self._line.close()
        await super().aclose(close_connection_pool)

    async def _connect(self) -> _Line:
        self._connecting = self._connecting or asyncio.Lock()
        async with self._connecting:
            if self._line is None or self._line.broken:
                connection = self.connection_pool.make_connection()
                await connection.connect()
                # With a clock of its own, redis-py makes a task for each sending; a line keeps the time.
                connection.socket_timeout = None
                self._line = _Line(connection)
            return self._line


class _Line:
    """One connection, and the commands that are under way on it."""

    def __init__(self, connection: AbstractConnection) -> None:
        self.broken = False
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._unsent: list[bytes] = []
        self._some_unsent = asyncio.Event()
        self._asked: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._closing = asyncio.Event()
        self._serving = self._loop.create_task(self._serve(), name="pipelined Redis")

    def ask(self, command: tuple[Any, ...]) -> asyncio.Future[Any]:
        """Have a command sent, and return the future of its answer."""
        # Before anything else: what cannot be packed is asked for by nobody.
        self._unsent += self._connection.pack_command(*command)
        self._some_unsent.set()
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._asked.append((self._loop.time(), answer))
        return answer

    async def close(self) -> None:
        """Close the connection; commands that are under way fail."""
        self._closing.set()
        await self._serving

    async def _serve(self) -> None:
        work = [
            self._loop.create_task(each)
            for each in (self._send(), self._read(), self._keep_time(), self._closed())
        ]
        done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        self.broken = True
        error = done.pop().exception()
        await asyncio.gather(*map(cancel, work))
        while self._asked:
            self._answer(error)
        await self._connection.disconnect(nowait=True)

    async def _send(self) -> None:
        while True:
            await self._some_unsent.wait()
            self._some_unsent.clear()
            unsent, self._unsent = self._unsent, []
            await self._connection.send_packed_command(unsent, check_health=False)

    async def _read(self) -> None:
        while True:
            try:
                answer = await self._connection.read_response(timeout=math.inf)
            except ResponseError as error:
                answer = error
            if not self._asked:
                raise RedisConnectionError("Redis answered what nobody had asked.")
            self._answer(answer)

    async def _closed(self) -> None:
        await self._closing.wait()
        raise RedisConnectionError("The connection was closed.")

    async def _keep_time(self) -> None:
        """Fail when a command has waited for its answer for too long."""
        while True:
            now = self._loop.time()
            left = (self._asked[0][0] if self._asked else now) + COMMAND_TIMEOUT - now
            if left <= 0:
                raise RedisTimeoutError("Redis did not answer in time.")
            await asyncio.sleep(left)

    def _answer(self, answer: Any) -> None:
        _, future = self._asked.popleft()
        if future.done():
            return  # whoever asked was cancelled meanwhile
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)
