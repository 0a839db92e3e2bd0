"""A TCP proxy for Redis that loses replies, delays, cuts and partitions, and counts what it did.

A process under test is given the proxy's URL for Redis; the test keeps the server's own::

    with RedisProxy(server.url, scripts) as proxy:
        fault = proxy.lose_reply("moveToActive", containing=b"some-job")
        ...
        assert fault.happened.wait(10)

It reads RESP as far as it must: which command each reply answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.support.threaded_server import ThreadedServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping


class LostError(Exception):
    """A fault was due: the connection ends here."""


@dataclass(eq=False)
class Fault:
    """One planned loss: of a request, which then never reaches Redis, or of the reply to one.

    Attributes:
        name: the command, script or transaction, as the proxy names it.
        of: ``request`` or ``reply``.
        containing: bytes that must stand in what is lost.
        skip: how many that match are let through first.
        then: called at the moment of the loss, on the proxy's thread, before the client notices.
        happened: set once it was lost.
    """

    name: str
    of: str
    containing: bytes = b""
    skip: int = 0
    then: Callable[[], object] | None = None
    happened: threading.Event = field(default_factory=threading.Event)

    def strikes(self, of: str, name: str, raw: bytes) -> bool:
        """Return whether this is what shall be lost; counts down while it is not its turn yet."""
        if self.happened.is_set() or of != self.of or name != self.name or self.containing not in raw:
            return False
        self.skip -= 1
        return self.skip < 0

    def strike(self) -> None:
        """Do what else belongs to the loss."""
        if self.then:
            self.then()
        self.happened.set()


class RedisProxy(ThreadedServer):
    """Proxy between Redis and the processes under test.

    Args:
        url: the server's URL.
        scripts: names of scripts by their SHA1, under which their calls are known.

    Attributes:
        url: where the proxy listens, as a Redis URL.
        latency: seconds that requests wait before they go on; those sent together wait together.
        requests: how many requests of each name have come.
        held: how many pieces of data a partition has held up.
    """

    def __init__(self, url: str, scripts: Mapping[str, str]) -> None:
        super().__init__("redis proxy")
        self._upstream = urlsplit(url)
        self._scripts = scripts
        self._faults: list[Fault] = []
        self._pairs: set[_Pair] = set()
        self._gates = {"request": asyncio.Event(), "reply": asyncio.Event()}
        self._block(False, False)
        self.latency = 0.0
        self.requests: Counter[str] = Counter()
        self.held = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}{self._upstream.path}"

    def lose_reply(
        self, name: str, *, containing: bytes = b"", skip: int = 0, then: Callable[[], object] | None = None
    ) -> Fault:
        """Let Redis do it, and end the connection instead of passing on the answer."""
        return self._plan(Fault(name, "reply", containing, skip, then))

    def lose_request(
        self, name: str, *, containing: bytes = b"", skip: int = 0, then: Callable[[], object] | None = None
    ) -> Fault:
        """End the connection instead of passing on the request."""
        return self._plan(Fault(name, "request", containing, skip, then))

    def cut(self) -> int:
        """Reset all connections; return how many there were."""
        return asyncio.run_coroutine_threadsafe(self._cut(), self.loop).result(10)

    def partition(self, *, requests: bool = False, replies: bool = False) -> None:
        """Hold up what goes in the named directions until :meth:`heal`; connections stay open."""
        self.loop.call_soon_threadsafe(self._block, requests, replies)

    def heal(self) -> None:
        """End a partition: what was held up goes on, as TCP would send it again."""
        self.loop.call_soon_threadsafe(self._block, False, False)

    def strike(self, of: str, name: str, raw: bytes) -> None:
        """Raise ``LostError`` if a fault is due at this request or reply."""
        for fault in self._faults:
            if fault.strikes(of, name, raw):
                fault.strike()
                raise LostError

    def name_of(self, words: list[bytes]) -> str:
        """Name a command: by its script, if it calls one."""
        command = words[0].decode().upper()
        if command == "EVALSHA":
            sha = words[1].decode()
            return self._scripts.get(sha, sha)
        return command

    async def passable(self, direction: str) -> None:
        """Wait until a partition lets this direction through."""
        gate = self._gates[direction]
        if not gate.is_set():
            self.held += 1
            await gate.wait()

    def _plan(self, fault: Fault) -> Fault:
        self._faults.append(fault)
        return fault

    def _block(self, requests: bool, replies: bool) -> None:
        for direction, blocked in (("request", requests), ("reply", replies)):
            (self._gates[direction].clear if blocked else self._gates[direction].set)()

    async def _cut(self) -> int:
        pairs = list(self._pairs)
        for pair in pairs:
            pair.abort()
        return len(pairs)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes, both ways, until a fault is due."""
        try:
            upstream = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        except OSError:
            writer.transport.abort()
            return
        pair = _Pair(self, (reader, writer), upstream)
        self._pairs.add(pair)
        try:
            await pair.run()
        finally:
            self._pairs.discard(pair)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Pair:
    """One client's connection and the one to Redis that stands for it."""

    def __init__(self, proxy: RedisProxy, client: Streams, upstream: Streams) -> None:
        self._proxy = proxy
        self._client = client
        self._upstream = upstream
        self._pending: deque[str] = deque()
        self._subscribed = False

    def abort(self) -> None:
        for _, writer in (self._client, self._upstream):
            writer.transport.abort()

    async def run(self) -> None:
        """Pass on both ways until either side ends, or a fault ends both."""
        pumps = [asyncio.ensure_future(self._requests()), asyncio.ensure_future(self._replies())]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.abort()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _requests(self) -> None:
        async for raw in _values(self._client[0], lambda: self._proxy.latency):
            name = self._note(_words(raw))
            self._proxy.requests[name] += 1
            await self._proxy.passable("request")
            self._proxy.strike("request", name, raw)
            self._pending.append(name)
            self._upstream[1].write(raw)
            await self._upstream[1].drain()

    async def _replies(self) -> None:
        async for raw in _values(self._upstream[0]):
            pushed = raw.startswith(b">") or self._subscribed
            name = "" if pushed or not self._pending else self._pending.popleft()
            await self._proxy.passable("reply")
            if not raw.startswith(
                b"-NOSCRIPT"
            ):  # nothing was done; the client sends the script and asks again
                self._proxy.strike("reply", name, raw)
            self._client[1].write(raw)
            await self._client[1].drain()

    def _note(self, words: list[bytes]) -> str:
        """Name a request, and see whether what comes from now on is answers."""
        name = self._proxy.name_of(words)
        if name in ("SUBSCRIBE", "PSUBSCRIBE"):
            self._subscribed = True
        return name


async def _values(reader: asyncio.StreamReader, latency: Callable[[], float] = float) -> AsyncIterator[bytes]:
    """Read RESP values one by one, as they stand on the wire; what is sent together is delayed together."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(1 << 16):
            if pause := latency():
                await asyncio.sleep(pause)
            data += piece
            at = 0
            while (end := _end(data, at)) is not None:
                yield data[at:end]
                at = end
            data = data[at:]


def _end(data: bytes, at: int) -> int | None:
    """Return where the value that begins at ``at`` ends; None if it is not all there yet."""
    line_end = data.find(b"\r\n", at)
    if line_end < 0:
        return None
    kind, after = data[at : at + 1], line_end + 2
    if kind in b"$=!":
        length = int(data[at + 1 : line_end])
        end = after + length + 2 if length >= 0 else after
        return end if len(data) >= end else None
    if kind not in b"*~>%":
        return after
    items = int(data[at + 1 : line_end]) * (2 if kind == b"%" else 1)
    for _ in range(items):
        end = _end(data, after)
        if end is None:
            return None
        after = end
    return after


def _words(raw: bytes) -> list[bytes]:
    """Return the first words of a request: what is needed to name it."""
    words: list[bytes] = []
    at = raw.find(b"\r\n") + 2
    while at < len(raw) and len(words) < 2:
        line_end = raw.find(b"\r\n", at)
        length = int(raw[at + 1 : line_end])
        words.append(raw[line_end + 2 : line_end + 2 + length])
        at = line_end + 2 + length + 2
    return words
