"""A Node worker on BullMQ: one process, a Worker for each queue."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.program import Program
    from bench.rig import Rig
    from bench.work import Work


class BullmqNode:
    """``bench/workers/bullmq_node.mjs``."""

    name = "BullMQ in Node"
    feeder = "bullmq"

    def start(self, rig: Rig, work: Work) -> list[Program]:
        """Start it."""
        script = "bench/workers/bullmq_node.mjs"
        command = [rig.node, script, str(rig.port), rig.provider_url, work.body, work.to_json()]
        worker = rig.start("worker", command, env=os.environ)
        worker.wait_for("ready")
        return [worker]
