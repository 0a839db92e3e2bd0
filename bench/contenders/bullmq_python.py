"""A Python worker on the package ``bullmq``: one process, a Worker for each queue."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.program import Program
    from bench.rig import Rig
    from bench.work import Work


class BullmqPython:
    """``bench/workers/bullmq_python.py``."""

    name = "BullMQ in Python"
    feeder = "bullmq"

    def start(self, rig: Rig, work: Work) -> list[Program]:
        """Start it."""
        module = "bench.workers.bullmq_python"
        command = [sys.executable, "-m", module, str(rig.port), rig.provider_url, work.body, work.to_json()]
        worker = rig.start("worker", command, env=os.environ)
        worker.wait_for("ready")
        return [worker]
