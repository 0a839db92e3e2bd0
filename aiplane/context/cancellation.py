"""Cancellation of a task, for certain."""

from __future__ import annotations

import asyncio
from typing import Any


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait until it has ended; how it ended is not looked at.

    Once is not enough: where redis-py sends a command it uses ``asyncio.wait_for``, and in Python 3.11 that
    loses a cancellation which comes as the sending ends.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)
