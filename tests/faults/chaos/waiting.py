"""Waiting for what nobody announces: that processes have ended, that Redis is drained."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LOOK_EVERY = 0.05


async def until(ready: Callable[[], object], seconds: float = float("inf")) -> bool:
    """Return True as soon as something is so, or False if it is not after ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        await asyncio.sleep(LOOK_EVERY)
    return bool(ready())
