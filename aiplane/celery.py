"""The Celery application: ``celery -A aiplane …``.

The application is declared here and configured at its first use, from the settings of the process. Celery is
the engine and no more: a task that the bridge sent is delivered at most once by early acknowledgement and
without prefetching, because with late acknowledgement the Redis transport runs tasks twice after a reset and
kills a pool after a restart of Redis. What is lost on the way, the bridge sends again.
"""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from celery import Celery
from celery.loaders.app import AppLoader
from kombu.entity import Exchange, Queue

from aiplane.ledger.runs import ledger_prefix
from aiplane.providers import Providers
from aiplane.queues import KINDS, QUEUES, TASK_MODULES
from aiplane.settings import Settings
from aiplane.worker.calling_off import Running
from aiplane.worker.time_limits import Overseer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from aiplane.ledger.claims import Claims
    from aiplane.operations.cancel import Cancelling
    from aiplane.worker.pool import SlotPool
    from aiplane.worker.progress_writer import NoteThread

RUN_HEADER = "aiplane_run"
"""The message header that makes a task a run of the bridge: ``{"run", "queue", "job"}``.

Newer bridges add ``"trace"``, the context that the run's span continues, and ``"keep_logs"``, how many lines
the job's log keeps.
"""


class InstalledLoader(AppLoader):
    """Finds the task modules where Python finds any module.

    Celery would look into the working directory first, where a folder called ``tasks`` may be somebody
    else's.
    """

    def import_from_cwd(self, module: str, imp: object = None, package: str | None = None) -> ModuleType:  # noqa: ARG002 -- Celery's signature
        """Import a module, and not from the working directory."""
        return importlib.import_module(module, package)


class Plane(Celery):
    """A Celery application that knows the plane's settings and providers."""

    task_cls = "aiplane.worker.task:JobTask"
    loader_cls = "aiplane.celery:InstalledLoader"
    amqp_cls = "aiplane.worker.broker:PlaneAMQP"

    notes: NoteThread | None = None
    """Who writes to jobs how far they are; a worker process sets it when it starts."""

    @cached_property
    def settings(self) -> Settings:
        """The settings of this process, read from its environment at the first use.

        Raises:
            SettingsError: naming every variable that is wrong.
        """
        return Settings.load()

    @cached_property
    def claims(self) -> Claims:
        """The worker's side of the ledger; a worker process sets it when it starts."""
        raise RuntimeError("only a worker that was started with `celery -A aiplane worker` can claim runs")

    @cached_property
    def slots(self) -> SlotPool:
        """The slots in which runs run; a worker process sets it when it is ready."""
        raise RuntimeError("only a worker that was started with `celery -A aiplane worker` has slots")

    @cached_property
    def cancelling(self) -> Cancelling:
        """What cancels jobs; a worker process sets it when it starts."""
        raise RuntimeError("only a worker that was started with `celery -A aiplane worker` cancels jobs")

    @cached_property
    def running(self) -> Running:
        """What runs in this process and can be ended from outside."""
        return Running()

    @cached_property
    def overseer(self) -> Overseer:
        """Who ends runs that overstay."""
        return Overseer()

    @cached_property
    def Worker(self) -> type:  # noqa: N802 -- Celery's name for the class that `celery worker` starts
        """The class of this plane's worker processes."""
        return cast("type", self.subclass_with_self("aiplane.worker.process:PoolWorker"))

    @cached_property
    def AsyncResult(self) -> type:  # noqa: N802 -- Celery's name for the class of results
        """The class of what asks for the result of a task."""
        return cast("type", self.subclass_with_self("aiplane.worker.result:TaskResult"))

    @cached_property
    def providers(self) -> Providers:
        """The language model and the speech services that the settings choose."""
        return Providers(self.settings)


app = Plane("aiplane", set_as_current=False, include=TASK_MODULES)


@app.on_configure.connect
def _configure(sender: Plane, **_: Any) -> None:
    sender.config_from_object(celery_configuration(sender.settings))


def celery_configuration(settings: Settings) -> Mapping[str, Any]:
    """Return Celery's configuration for these settings."""
    keys = f"{ledger_prefix(settings.bullmq_prefix)}celery:"
    return {
        "broker_url": settings.celery_broker_url,
        "result_backend": settings.celery_result_backend,
        "broker_transport_options": {
            "global_keyprefix": keys,
            # Without a limit a publish hangs for as long as Redis does.
            "socket_timeout": 5.0,
            "socket_connect_timeout": 2.0,
            "socket_keepalive": True,
            # What a person has sent, and a killed pool had received and not yet begun, comes back after so
            # many seconds. A run has no such copy: the bridge sends it again.
            "visibility_timeout": 300,
        },
        "result_backend_transport_options": {"global_keyprefix": keys},
        "broker_connection_max_retries": None,
        "broker_connection_retry_on_startup": True,
        # A primary that has become a replica answers a blocked read with an error, which would end the pool.
        "broker_channel_error_retry": True,
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "result_expires": 24 * 60 * 60,
        "task_queues": [Queue(kind, Exchange(kind), routing_key=kind) for kind in KINDS],
        "task_routes": {QUEUES[kind].task: {"queue": kind} for kind in KINDS},
        # A queue that is not in the table is a slip of the hand, and nobody would ever read it.
        "task_create_missing_queues": False,
        "task_default_queue": KINDS[0],
        "task_acks_late": False,
        "worker_disable_prefetch": True,
        "worker_prefetch_multiplier": 1,
        # It counts acknowledgements, of which a run's is not told to it; and slots are counted here.
        "worker_enable_prefetch_count_reduction": False,
        "task_track_started": False,
        "worker_pool": "aiplane.worker.pool:SlotPool",
        "worker_consumer": "aiplane.worker.consumer:PoolConsumer",
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": True,
        "worker_redirect_stdouts": False,
    }
