"""The Celery application: ``celery -A aiplane …``.

The application is declared here and configured at its first use, from the settings of the process. Celery is
the engine and no more: a task that the bridge sent is delivered at most once by early acknowledgement and
without prefetching, because with late acknowledgement the Redis transport runs tasks twice after a reset and
kills a pool after a restart of Redis. What is lost on the way, the bridge sends again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kombu.entity import Exchange, Queue

from aiplane.ledger.runs import ledger_prefix
from aiplane.queues import KINDS, QUEUES, TASK_MODULES
from aiplane.worker.application import Application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.settings import Settings

app = Application("aiplane", set_as_current=False, include=TASK_MODULES)


@app.on_configure.connect
def _configure(sender: Application, **_: Any) -> None:
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
