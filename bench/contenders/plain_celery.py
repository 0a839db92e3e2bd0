"""Celery alone: a process with a thread pool for each kind, as aiplane has."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.program import Program
    from bench.rig import Rig
    from bench.work import Work


class PlainCelery:
    """``bench/workers/plain_celery.py``."""

    name = "Celery alone"
    feeder = "celery"

    def start(self, rig: Rig, work: Work) -> list[Program]:
        """Start them."""
        env = {
            **os.environ,
            "BENCH_REDIS": rig.redis_url,
            "BENCH_PROVIDER": rig.provider_url,
            "BENCH_WORK": work.to_json(),
        }
        pools = [rig.start(kind, _pool(kind, slots), env=env) for kind, slots in work.slots.items()]
        for pool in pools:
            pool.wait_for(r"@\S+ ready\.")
        return pools


def _pool(kind: str, slots: int) -> list[str]:
    command = [sys.executable, "-m", "celery", "-A", "bench.workers.plain_celery", "worker"]
    return [*command, "-l", "info", "-Q", kind, "-n", f"{kind}@%h", "-P", "threads", "-c", str(slots)]
