"""The processes that are killed, and the supervisor that starts each again."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.faults.chaos.waiting import until

if TYPE_CHECKING:
    from tests.support.processes import Plane, Process

BRIDGES = 2
POOLS = {"hint": 2, "review": 2, "interview": 2, "transcribe": 2}
RESTART_AFTER = 0.5
"""Seconds until what died is started again, as a supervisor does."""

_READY = re.compile(r"bridge is ready: (\w+)|@\S+ ready\.")


@dataclass(eq=False)
class Member:
    """One line of the fleet: a bridge or a pool, in its present life.

    Attributes:
        line: the Procfile's name of it.
        name: unique in the fleet.
        process: the present life.
        lease: the id of its lease, once it is known.
        busy: whether something is being done to it, so that nothing else is.
    """

    line: str
    name: str
    process: Process
    lease: str | None = None
    busy: bool = False
    _read: int = field(default=0, repr=False)
    _ready: bool = field(default=False, repr=False)

    @property
    def ready(self) -> bool:
        """Whether it serves, and it is known under which lease."""
        lines = self.process.lines
        while not self._ready and self._read < len(lines):
            if found := _READY.search(lines[self._read]):
                self._ready, self.lease = True, found[1] or self.lease
            self._read += 1
        return self._ready and self.lease is not None and self.process.alive


class Fleet:
    """All bridges and pools. Whatever ends is started again until :meth:`retire`."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._retired = False
        lines = [("bridge", f"bridge{number}") for number in range(BRIDGES)]
        lines += [(kind, f"{kind}{number}") for kind, count in POOLS.items() for number in range(count)]
        self.members = [Member(line, name, self._start(line, name)) for line, name in lines]
        self.unexpected: list[str] = []

    @property
    def bridges(self) -> list[Member]:
        return [member for member in self.members if member.line == "bridge"]

    @property
    def pools(self) -> list[Member]:
        return [member for member in self.members if member.line != "bridge"]

    async def victim(self, members: list[Member], draw: float) -> Member:
        """Return one of the members that serve, as soon as one does; it is busy from now on."""

        def serving() -> list[Member]:
            return [each for each in members if each.ready and not each.busy]

        await until(serving)
        candidates = serving()
        chosen = candidates[int(draw * len(candidates))]
        chosen.busy = True
        return chosen

    def learn_leases(self, by_pid: dict[int, str]) -> None:
        """Note the leases of pools, which their logs do not tell."""
        for member in self.pools:
            if member.lease is None:
                member.lease = by_pid.get(member.process.pid)

    async def restart(self, member: Member) -> None:
        """Start a member that has ended again."""
        await asyncio.sleep(RESTART_AFTER)
        member.process.kill()
        member.lease, member._read, member._ready = None, 0, False
        member.process = self._start(member.line, member.name)
        member.busy = False

    async def supervise(self) -> None:
        """Start again what ended by itself, and take note: nothing should."""
        while not self._retired:
            for member in self.members:
                if not member.busy and not member.process.alive:
                    member.busy = True
                    tail = member.process.tail(8)
                    self.unexpected.append(
                        f"{member.name} ended by itself with {member.process.wait()}:\n{tail}"
                    )
                    await self.restart(member)
            await asyncio.sleep(0.2)

    async def all_ready(self, seconds: float) -> bool:
        """Wait until everybody serves."""
        return await until(lambda: all(member.ready for member in self.members), seconds)

    async def retire(self, seconds: float) -> dict[str, int]:
        """End everybody with SIGTERM; return the exit codes by name, -9 for whoever had to be killed."""
        self._retired = True
        for member in self.members:
            member.process.terminate()
        await until(lambda: not any(member.process.alive for member in self.members), seconds)
        for member in self.members:
            member.process.kill()
        return {member.name: member.process.wait() for member in self.members}

    def _start(self, line: str, name: str) -> Process:
        return self._plane.start(line, arguments="" if line == "bridge" else f"-n {name}@%h")
