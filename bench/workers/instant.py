"""This project's pool with a task that returns a constant at once: what is left is the engine.

celery -A bench.workers.instant worker -Q hint -n hint@%h
"""

from __future__ import annotations

from typing import Any

from celery.signals import worker_init

from aiplane.celery import app
from aiplane.queues import QUEUES
from bench.work import CONSTANT

__all__ = ["app"]


@worker_init.connect
def _replace_the_body(**_: Any) -> None:
    app.loader.import_default_modules()
    app.finalize()
    app.tasks[QUEUES["hint"].task].run = lambda _: CONSTANT
