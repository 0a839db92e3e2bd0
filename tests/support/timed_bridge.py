"""The bridge's own program, with a stopwatch at its event loop: ``python -m tests.support.timed_bridge``.

It prints every step of the loop that takes longer than any before it, in milliseconds of the thread's own
time: what other processes of a busy machine take from it is not the loop's fault.
"""

from __future__ import annotations

import asyncio
import re
import runpy
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.processes import Process


def longest_step_ms(bridge: Process) -> float:
    """Return the longest step that a bridge started so has printed."""
    steps = [match[1] for line in bridge.lines if (match := re.fullmatch(r"longest step: (\S+) ms", line))]
    return max(map(float, steps), default=0.0)


def _watch() -> None:
    run, longest = asyncio.events.Handle._run, 0.0

    def timed(handle: asyncio.events.Handle) -> None:
        nonlocal longest
        started = time.thread_time()
        run(handle)
        taken = time.thread_time() - started
        if taken > longest:
            longest = taken
            print(f"longest step: {1000 * taken:.1f} ms", flush=True)

    asyncio.events.Handle._run = timed  # type: ignore[method-assign]  # the one place that every step goes through


if __name__ == "__main__":
    _watch()
    runpy.run_module("bridges", run_name="__main__")
