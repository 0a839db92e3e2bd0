"""The worker process: Celery's, serving one queue, with a lease that says how many slots it has."""

from __future__ import annotations

import atexit
import contextlib
import importlib
import logging
import os
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from celery import signals
from celery.apps.worker import Worker
from celery.exceptions import WorkerShutdown
from celery.worker import state
from opentelemetry.metrics import Observation
from redis import RedisError

from aiplane.bull import NoteWriter
from aiplane.ledger.claims import Claims
from aiplane.ledger.lease_renewal import LeaseRenewal
from aiplane.ledger.leases import LeaseStore, Member, new_member_id
from aiplane.operations.cancel import Canceller
from aiplane.operations.trials import refuse_to_start, try_one
from aiplane.queues import KINDS, QUEUES
from aiplane.redis.clients import connect_thread
from aiplane.redis.troubles import TROUBLES
from aiplane.settings import SettingsError
from aiplane.telemetry.instruments import observe
from aiplane.telemetry.logs import configure_logs
from aiplane.telemetry.queue_gauges import QueueGauges
from aiplane.telemetry.setup import start_telemetry
from aiplane.worker.attention import consumes
from aiplane.worker.options import check_options
from aiplane.worker.progress_writer import ProgressWriter
from aiplane.worker.runtime import Runtime
from aiplane.worker.transport import RunTransport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiplane.ledger.server_epoch import ServerEpoch
    from aiplane.operations.trials import Complaint, Variable
    from aiplane.queues import Kind
    from aiplane.worker.application import Application

log = logging.getLogger(__name__)


class PoolWorker(Worker):
    """A pool: ``celery -A aiplane worker -Q hint``.

    It serves exactly one queue, so that its slots are that queue's, and without ``-c`` it has as many as
    the settings say. Its lease begins before it can take a message and ends when the last task has ended;
    slots are offered only in between, from when it is ready until it is told to stop, and only while it
    consumes its queue.
    """

    app: Application

    def on_before_init(self, quiet: bool = False, queues: Sequence[str] | None = None, **kwargs: Any) -> None:
        """Check the options, the settings and the queue before anything is started."""
        try:
            # First, for with wrong ones Celery takes the pool for another than the configuration names.
            settings = self.app.settings
            check_options(kwargs)
            self.kind = _one_kind(queues)
            self._prepare()
        except SettingsError as error:
            raise click.ClickException(str(error)) from error
        # LOG_LEVEL and LOG_FORMAT count for every process alike, and not what Celery would choose.
        signals.setup_logging.connect(lambda **_: configure_logs(settings), weak=False)
        self.app.conf.worker_concurrency = settings.concurrency(self.kind)
        super().on_before_init(quiet=quiet, queues=queues, **kwargs)
        self._offers_slots = False
        self._told_to_stop = False
        self._turned = 0.0
        self._id = new_member_id()
        redis = connect_thread(settings.redis_url, name=f"aiplane:{self.kind}")
        self._store = LeaseStore(redis, settings.bullmq_prefix)
        self._lease = LeaseRenewal(self._store, self._member, after=self._stand_by_claims)
        self._server_since: int | None = None
        # A client of its own: the work waits for no line of a log, and a log for no claim.
        notes = connect_thread(settings.redis_url, name=f"aiplane:{self.kind}:notes")
        self.app.runtime = self._runtime = Runtime(
            claims=Claims(redis, settings.bullmq_prefix, self._id),
            canceller=Canceller(redis, settings),
            progress=ProgressWriter(NoteWriter(notes, settings.bullmq_prefix)),
        )

    def on_start(self) -> None:
        """Begin the lease; nothing is taken before Redis has it."""
        super().on_start()
        for commands in ("remote", "refused", "revoke"):
            importlib.import_module(f"aiplane.worker.{commands}_commands")
        signals.worker_shutting_down.connect(self._on_shutdown)
        # Celery would cancel what runs first, which threads cannot do: it would fail, and hang.
        signal.signal(signal.SIGQUIT, self._end_at_once)
        self._await_redis()
        self._lease.start()
        while not self._lease.renewed.wait(0.5):
            state.maybe_shutdown()
        self._start_telemetry()
        # Not before the very end of the process: tasks run on while the worker shuts down. (What was
        # registered last is called first: the lease ends before the telemetry.)
        atexit.register(self._lease.stop)
        self._runtime.progress.start()
        atexit.register(self._runtime.progress.stop)

    def _await_redis(self) -> None:
        """Wait until Redis and the broker are there, and end here if they refuse what is needed."""
        try:
            for variable in ("REDIS_URL", "CELERY_BROKER_URL"):
                refuse_to_start(self._complaints(variable))
        except SettingsError as error:
            click.ClickException(str(error)).show()
            raise WorkerShutdown(1) from error
        # No job needs it, only what a person sends with .delay().
        with contextlib.suppress(RedisError, OSError):
            for complaint in try_one(self.app.settings, "CELERY_RESULT_BACKEND"):
                log.warning("%s", complaint.sentence)

    def _complaints(self, variable: Variable) -> list[Complaint]:
        said = ""
        while True:
            try:
                return try_one(self.app.settings, variable)
            except (RedisError, OSError) as error:
                words = f"{variable}: {TROUBLES.note(error)}"
            if words != said:
                log.warning("%s; the pool waits", words)
            said = words
            for _ in range(2):
                time.sleep(0.5)
                state.maybe_shutdown()

    def on_consumer_ready(self, consumer: Any) -> None:
        """Offer the slots from now on."""
        super().on_consumer_ready(consumer)
        self._runtime.slots = self.pool
        self._note_turn()
        consumer.hub.call_repeatedly(1.0, self._note_turn)
        self._offers_slots = True
        RunTransport.on_admitted = self.tell_slots
        self.tell_slots()

    def tell_slots(self) -> None:
        """Say now how many slots there are, because that has changed, and look for what was cancelled."""
        self._lease.renew_now()

    def _note_turn(self) -> None:
        self._turned = time.monotonic()

    def _prepare(self) -> None:
        """Have at hand what the first job would wait for, up to a second: SDKs, and programs."""
        self.app.providers.prepare(self.kind)
        if self.app.providers.can_serve(self.kind):
            for program in self.app.tasks[QUEUES[self.kind].task].programs:
                program.stand_by()

    def _on_shutdown(self, sig: str = "SIGTERM", **_: Any) -> None:
        if self._told_to_stop:
            # The second one was so quick that Celery's handler had it before ours was in place.
            self._end_at_once(signal.Signals[sig], None)
        self._told_to_stop = True
        self._offers_slots = False
        self.tell_slots()
        # Celery would take no notice of a second one; a person who sends it means now.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self._end_at_once)

    def _end_at_once(self, number: int, _: object) -> None:
        # What runs is lost as in a crash, but known at once: nobody has to wait for the lease to go stale.
        with contextlib.suppress(RedisError, OSError):
            self._store.give_back(self._id)
        os._exit(128 + number)

    def _stand_by_claims(self, epoch: ServerEpoch) -> None:
        if epoch.server_since == self._server_since:
            self._runtime.claims.forget()
            self._runtime.running.end(self._runtime.claims.cancelled())
            return
        self._runtime.claims.say_again()
        self._server_since = epoch.server_since

    def _start_telemetry(self) -> None:
        telemetry = start_telemetry(self.app.settings, node=self.hostname)
        telemetry.tell_health(self._lease.complaint)
        if telemetry.measures:
            QueueGauges(self.app.settings, [self.kind]).observe()
            observe("ai.pool.slots", lambda: self._observed(self._member().slots))
            observe("ai.pool.busy", lambda: self._observed(len(state.active_requests)))
        atexit.register(telemetry.stop)

    def _observed(self, number: int) -> list[Observation]:
        return [Observation(number, {"queue": self.app.settings.queue_name(self.kind)})]

    def _member(self) -> Member:
        offers = self._offers_slots and self.pool and consumes(self.consumer, self.kind)
        slots = max(self.pool.limit - self._runtime.running.lent, 0) if offers else 0
        # Its loop turns once a second, and that much is no debt.
        loop_ms = max(round(1000 * (time.monotonic() - self._turned - 1)), 0) if self._offers_slots else 0
        me = Member(self._id, "pool", self.hostname, os.getpid(), self.kind, slots, loop_ms)
        return replace(me, trouble=TROUBLES.current)


def _one_kind(queues: Sequence[str] | None) -> Kind:
    kinds = [kind for kind in KINDS if kind in (queues or ())]
    if len(kinds) != 1 or len(queues or ()) != 1:
        raise click.UsageError(
            "A pool serves one queue, so that its slots are that queue's: "
            f"use -Q with one of {', '.join(KINDS)}."
        )
    return kinds[0]
