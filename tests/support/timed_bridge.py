"""The bridge's own program, with a stopwatch at its event loop: ``python -m tests.support.timed_bridge``.

It prints every step of the loop that takes long, in milliseconds of the thread's own time: what other
processes of a busy machine take from it is not the loop's fault.
"""

from __future__ import annotations

import asyncio
import re
import runpy
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.processes import Process


WORTH_TELLING_MS = 3.0
"""Less than one reading of what the tests call large takes on any machine."""


def longest_steps_ms(bridge: Process) -> list[float]:
    """Return the long steps that a bridge started so has printed, the longest first."""
    steps = (re.fullmatch(r"long step: (\S+) ms", line) for line in bridge.lines)
    return sorted((float(step[1]) for step in steps if step), reverse=True)


def _watch() -> None:
    run = asyncio.events.Handle._run

    def timed(handle: asyncio.events.Handle) -> None:
        started = time.thread_time()
        run(handle)
        taken_ms = 1000 * (time.thread_time() - started)
        if taken_ms > WORTH_TELLING_MS:
            print(f"long step: {taken_ms:.1f} ms", flush=True)

    asyncio.events.Handle._run = timed  # type: ignore[method-assign]  # the one place that every step goes through


if __name__ == "__main__":
    _watch()
    runpy.run_module("bridges", run_name="__main__")
