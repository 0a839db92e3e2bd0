"""Supervisor of a few programs on one machine, which it stops in order. Not for a fleet.

The first SIGINT, SIGTERM or SIGHUP cancels the block that owns the programs, and they are stopped in the
order that the block gave; a second one kills what is left.
"""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Self

from aiplane.cli.local.child import Child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiplane.cli.local.child import Program

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StoppedBySignalError(Exception):
    """Signal that ended the block; everything in it has been stopped."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number)
        self.number = number

    def __str__(self) -> str:
        """Name the signal."""
        return f"stopped by {self.number.name}"


class Supervisor:
    """Programs that run inside an ``async with`` block and are gone after it.

    Args:
        write: takes a program's name and a line, of its output or about it.
        stop_order: the programs' names in the order in which they are stopped; those in one group
            together.
        on_stop: called when a signal begins the stopping.
    """

    def __init__(
        self,
        write: Callable[[str, str], None],
        stop_order: Sequence[Iterable[str]],
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._write = write
        self._stop_order = stop_order
        self._on_stop = on_stop
        self._children: dict[str, Child] = {}
        self._stopping = False
        self._stopped_by: signal.Signals | None = None

    async def __aenter__(self) -> Self:
        """Take over the signals; one that is ignored (``nohup``) stays ignored."""
        self._owner = asyncio.current_task()
        self._handled = [each for each in _SIGNALS if not _ignores_hangup(each)]
        for number in self._handled:
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal, number)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything.

        Raises:
            StoppedBySignalError: a signal was the reason.
        """
        self._stopping = True
        faults: list[BaseException] = []
        for names in self._stop_order:
            stopping = (self._children[name].stop() for name in names if name in self._children)
            # One that cannot be stopped in order is no reason to leave the others running.
            faults += filter(None, await asyncio.gather(*stopping, return_exceptions=True))
        for number in self._handled:
            asyncio.get_running_loop().remove_signal_handler(number)
        if self._stopped_by is not None:
            raise StoppedBySignalError(self._stopped_by)
        if faults:
            raise faults[0]

    async def start(self, programs: Iterable[Program], seconds: float) -> None:
        """Start programs together and wait until each serves.

        Raises:
            NotReadyError: one ended before it served, or some do not serve after ``seconds``.
        """
        started = {program.name: Child(program, self._write) for program in programs}
        self._children |= started
        deadline = time.monotonic() + seconds
        for child in started.values():
            await child.ready(max(0.0, deadline - time.monotonic()))

    def _on_signal(self, number: signal.Signals) -> None:
        if self._stopping:
            for child in self._children.values():
                child.kill()
            return
        self._stopping = True
        self._stopped_by = number
        if self._owner is not None:
            self._owner.cancel()
        # Last, because it may fail: what it writes to may be gone.
        self._on_stop()


def _ignores_hangup(number: signal.Signals) -> bool:
    return number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN
