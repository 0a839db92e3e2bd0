"""Runtime of a worker process: what its runs are claimed with, run in, limited and ended by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiplane.worker.calling_off import Running
from aiplane.worker.time_limits import TimeLimits

if TYPE_CHECKING:
    from aiplane.ledger.claims import Claims
    from aiplane.operations.cancel import Canceller
    from aiplane.worker.pool import SlotPool
    from aiplane.worker.progress_writer import ProgressWriter


@dataclass(slots=True)
class Runtime:
    """Parts of one worker process; the process makes them when it starts.

    Attributes:
        claims: the worker's side of the ledger.
        canceller: cancels jobs.
        progress: writes to jobs how far they are.
        slots: what runs run in; set once the pool is there, which is before anything runs.
        running: what runs in this process and can be ended from outside.
        time_limits: ends runs that overstay.
    """

    claims: Claims
    canceller: Canceller
    progress: ProgressWriter
    slots: SlotPool = field(init=False)
    running: Running = field(default_factory=Running)
    time_limits: TimeLimits = field(default_factory=TimeLimits)
