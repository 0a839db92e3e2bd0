"""Contenders that are compared: each starts its processes for some work, and returns when they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bench.contenders.aiplane import Aiplane
from bench.contenders.bullmq_node import BullmqNode
from bench.contenders.bullmq_python import BullmqPython
from bench.contenders.plain_celery import PlainCelery

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.program import Program
    from bench.rig import Rig
    from bench.work import Work


class Contender(Protocol):
    """One way to serve the jobs.

    Attributes:
        name: what tables and plots call it.
        feeder: who feeds it: ``bullmq`` or ``celery``.
    """

    name: str
    feeder: str

    def start(self, rig: Rig, work: Work) -> list[Program]:
        """Start its processes; return them once all of them serve."""
        ...


CONTENDERS: Mapping[str, Contender] = {
    contender.name: contender for contender in (Aiplane(), BullmqNode(), BullmqPython(), PlainCelery())
}
"""In the order in which they take their turns."""
