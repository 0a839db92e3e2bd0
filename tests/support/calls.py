"""The calls that the fake provider got: in memory, and in a file that outlives it."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass
class Call:
    """One request, as the ledger keeps it.

    Attributes:
        case: the case that its text names.
        number: which call of the case it is; the first is 1.
        path: what was asked.
        headers: with names in lower case.
        request: the body: JSON, or the fields of a form (of a file: its name, type and size).
        connection: tells the sockets apart that requests came by.
        started: when it came, on the monotonic clock; ``wall`` is the same moment on the wall's.
        outcome: ``pending``, then ``answered``, ``broken`` (by us) or ``abandoned`` (by the client).
        ended: when that was, on the monotonic clock.
    """

    case: str
    number: int
    path: str
    headers: dict[str, str]
    request: dict[str, Any]
    connection: int
    started: float
    wall: float
    outcome: str = "pending"
    ended: float | None = None


class Ledger:
    """Every call so far, for any thread to read and to wait on, and for a file where one is named."""

    def __init__(self, log: Path | None) -> None:
        self._calls: list[Call] = []
        self._changed = threading.Condition()
        self._log = log.open("a") if log else None

    def open(self, case: str, **facts: Any) -> Call:
        with self._changed:
            number = 1 + sum(call.case == case for call in self._calls)
            call = Call(case, number, started=time.monotonic(), wall=time.time(), **facts)
            self._calls.append(call)
            self._record("started", call)
        return call

    def close(self, call: Call, outcome: str) -> None:
        with self._changed:
            call.outcome, call.ended = outcome, time.monotonic()
            self._record(outcome, call)

    def of(self, case: str | None) -> list[Call]:
        with self._changed:
            return [call for call in self._calls if case in (None, call.case)]

    def wait(self, enough: Callable[[list[Call]], bool], timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: enough(self._calls), timeout)

    def shut(self) -> None:
        if self._log:
            self._log.close()

    def _record(self, event: str, call: Call) -> None:
        """Write the event where it outlives this process, and wake who waits. The caller holds the lock."""
        if self._log:
            moment = {"monotonic": call.ended or call.started, "wall": time.time(), "pid": os.getpid()}
            line = {"event": event, "case": call.case, "number": call.number, "path": call.path, **moment}
            self._log.write(json.dumps(line) + "\n")
            self._log.flush()
            os.fsync(self._log.fileno())
        self._changed.notify_all()
