"""Makes the pictures of docs/images anew, of a plane that runs: ``python -m tests.pictures``.

It needs what the interop tests need, Chromium and Flower (``pip install 'aiplane[flower]'``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.interop.payloads import HINT, KINDS
from tests.support.browser import Browser
from tests.support.bull_board import BullBoard
from tests.support.control_plane import ControlPlane
from tests.support.environment import isolate
from tests.support.processes import REPOSITORY, Plane, Process
from tests.support.provider import FakeProvider
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from tests.support.control_plane import NodeQueue

IMAGES = REPOSITORY / "docs" / "images"
FLOWER_PORT = 5599

JOBS: dict[str, tuple[str, dict[str, Any]]] = {
    "room-17-hint-1": ("times=1 status=503", {"backoff": {"type": "fixed", "delay": 500}}),
    "room-17-hint-2": ("status=401", {}),
    "room-41-hint-1": ("delay=0.9", {}),
    "room-41-hint-2": ("times=1 answer=truncated delay=1.4", {}),
    "room-52-hint-1": ("", {"delay": 600_000}),
    "room-52-hint-2": ("delay=40", {}),
}
"""What the provider does to each job, and the job's options."""

ENDS = {
    "room-17-hint-1": "completed",
    "room-17-hint-2": "failed",
    "room-41-hint-1": "completed",
    "room-41-hint-2": "completed",
    "room-52-hint-1": "delayed",
    "room-52-hint-2": "progress",
}
"""The events after which the pictures are taken."""


def main() -> None:
    """Run a plane with jobs in several states, and take its pictures."""
    isolate()
    env = {"LLM_MODEL": "gpt-4o-mini"}
    queues = [f"{kind.queue}{end}" for kind in KINDS.values() for end in ("", ".results", ".dlq")]
    with (
        RedisServer() as redis,
        FakeProvider() as provider,
        Plane(redis.url, provider.base_url, env=env) as plane,
        ControlPlane("6", redis.url) as control,
    ):
        warm_up(control)
        with BullBoard(control, queues) as board, start_flower(plane):
            add_jobs(control)
            take_pictures(board, control.queue(HINT.queue))


def take_pictures(board: BullBoard, hints: NodeQueue) -> None:
    """Take them all."""
    with Browser(width=1500, height=1180) as browser:
        browser.open(board.page(hints))
        browser.wait_for("prompt hint-4")
        browser.picture(IMAGES / "bull-board.png")
    with Browser(width=1500, height=700) as browser:
        browser.open(board.page(hints, "room-17-hint-2"))
        browser.click("text=Error")
        browser.wait_for("LLMAuthError")
        browser.picture(IMAGES / "bull-board-job.png")
        browser.open(f"http://127.0.0.1:{FLOWER_PORT}/tasks")
        browser.wait_for("room-17-hint-2")
        browser.picture(IMAGES / "flower.png")
        browser.open(f"http://127.0.0.1:{FLOWER_PORT}/workers")
        browser.wait_for("hint@")
        browser.picture(IMAGES / "flower-pools.png")


def warm_up(control: ControlPlane) -> None:
    """Have each pool do a job that nobody sees: the first one takes longer."""
    for kind in KINDS.values():
        queue = control.queue(kind.queue)
        job = queue.add(kind.job_name, dict(kind.payload), {"removeOnComplete": True})
        queue.results.consume().answer(job)


def start_flower(plane: Plane) -> Process:
    """Start Flower, and wait until the pools tell it what they do."""
    words = f"exec celery -A aiplane flower --address=127.0.0.1 --port={FLOWER_PORT}"
    flower = Process("flower", ["/bin/sh", "-c", words], env=plane.env)
    for pool in plane.pools.values():
        pool.wait_for_log("enabled by remote")
    return flower


def add_jobs(control: ControlPlane) -> None:
    """Add jobs of every kind, and wait until those of the hints are in the states to be shown."""
    hints = control.queue(HINT.queue)
    payload = json.loads((REPOSITORY / "examples" / "hint.json").read_text())
    for job, (behaviour, options) in JOBS.items():
        code = f"{payload['currentCode']}\n// [[case: {job}]] [[provider: {behaviour}]]\n"
        hints.add(HINT.job_name, {**payload, "currentCode": code}, {"jobId": job, **options})
    for name, kind in KINDS.items():
        if kind is not HINT:
            queue = control.queue(kind.queue)
            job = queue.add(kind.job_name, dict(kind.payload), {"jobId": f"room-41-{name}-1"})
            queue.watch().wait(job, "completed")
    for job, event in ENDS.items():
        hints.watch().wait(job, event)


if __name__ == "__main__":
    main()
