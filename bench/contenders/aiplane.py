"""This project, by the lines of its Procfile, in production's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.queues import QUEUES
from tests.support.processes import plane_environment, procfile

if TYPE_CHECKING:
    from bench.program import Program
    from bench.rig import Rig
    from bench.work import Work

APPLICATIONS = {
    "provider": "aiplane",
    "instant": "bench.workers.instant",
    "instant model": "bench.workers.instant_model",
}
"""The Celery application for each body: ``-A aiplane`` in the Procfile's lines becomes this."""


class Aiplane:
    """The bridge, and a pool for each kind of the work."""

    name = "aiplane"
    feeder = "bullmq"

    def start(self, rig: Rig, work: Work) -> list[Program]:
        """Start them."""
        env = {
            **plane_environment(rig.redis_url, rig.provider_url),
            "APP_ENV": "production",
            "LOG_FORMAT": "json",
        }
        lines = procfile()
        bridge = rig.start("bridge", lines["bridge"].split(), env=env)
        pools = [
            rig.start(kind, _pool(lines[kind], kind, slots, work), env=env)
            for kind, slots in work.slots.items()
        ]
        bridge.wait_for("bridge is ready")
        for pool in pools:
            pool.wait_for(r"@\S+ ready\.")
        return [bridge, *pools]


def _pool(line: str, kind: str, slots: int, work: Work) -> list[str]:
    command = line.replace("-A aiplane", f"-A {APPLICATIONS[work.body]}").split()
    return command if slots == QUEUES[kind].concurrency else [*command, "-c", str(slots)]  # type: ignore[index]
