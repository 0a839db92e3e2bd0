"""Main loop: wait for a slot, take a job, look after it. What that is stands in :mod:`bridges.attempt`."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from typing import TYPE_CHECKING

from redis import RedisError

from aiplane.bull import Bull
from aiplane.celery import app
from aiplane.context.backoff import doubled
from aiplane.context.cancellation import cancel
from aiplane.ledger.leases import Member, new_member_id
from aiplane.ledger.runs import Runs
from aiplane.operations.trials import refuse_to_start, try_all
from aiplane.queues import KINDS, QUEUES
from aiplane.redis.clients import connect
from aiplane.redis.troubles import TROUBLES
from aiplane.telemetry.propagation import is_traced
from bridges.adopt import Adoption
from bridges.attempt import Attempts
from bridges.consumer import Source
from bridges.dispatch import Dispatch
from bridges.heartbeat import Heartbeat
from bridges.in_flight import InFlight
from bridges.job_telemetry import JobTelemetry
from bridges.maintenance import Maintenance
from bridges.operators import log_operators
from bridges.redis_pipelined import PipelinedRedis
from bridges.retry import FIRST_PAUSE, LONGEST_PAUSE, despite_outages
from bridges.slots import Slots
from bridges.take_script import Sending
from bridges.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from aiplane.ledger.leases import LeaseSnapshot
    from aiplane.queues import QueueSpec
    from aiplane.settings import Settings
    from bridges.job import Job
    from bridges.settle import NextJob

log = logging.getLogger(__name__)


class Bridge:
    """Main loop from BullMQ jobs to Celery tasks, and from what came of them back into BullMQ."""

    def __init__(self, settings: Settings) -> None:
        node = socket.gethostname()
        self._settings = settings
        self._me = Member(new_member_id(), "bridge", node, os.getpid())
        self._redis = connect(settings.redis_url, name="aiplane:bridge", client=PipelinedRedis)
        self._bull = Bull(
            self._redis, settings.bullmq_prefix, metrics_minutes=settings.bullmq_metrics_minutes
        )
        self._runs = Runs(self._redis, settings.bullmq_prefix)
        self._in_flight = InFlight()
        self._slots = Slots(self._in_flight.count)
        self._dispatch = Dispatch(app)
        self._sources = [self._source(settings, QUEUES[kind], f"{node}:{self._me.id}") for kind in KINDS]
        self._source_of = {source.name: source for source in self._sources}
        self._watch = Watch(settings, self._runs, missing=self._slots.missing)
        self._telemetry = JobTelemetry()
        self._attempts = Attempts(
            bull=self._bull,
            runs=self._runs,
            dispatch=self._dispatch,
            watch=self._watch,
            in_flight=self._in_flight,
            telemetry=self._telemetry,
            succession=self._succession,
            succeed=self._succeed,
        )
        adoption = Adoption(self._redis, self._me.id, self._in_flight, self._slots, self._adopt)
        self._maintenance = Maintenance(settings, self._redis, self._sources, adoption)
        self._heartbeat = Heartbeat(settings, self._me, locks=self._in_flight.locks, tell=self._hear)
        self._first_roll = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(self, grace: float) -> None:
        """Serve until :meth:`stop` is called, then let what runs end for up to ``grace`` seconds.

        What has not ended by then is left as it is: another bridge adopts it, and nothing runs twice.

        Raises:
            UnfitRedisError: this is production, and Redis can lose jobs.
            SettingsError: Redis refuses what is needed, and waiting would not mend that.
            Exception: a side task has failed; the process is to end, so that it is started again.
        """
        try:
            if not await self._done(self._try_redis):
                return
            self._heartbeat.start()
            await self._first_roll.wait()
            if await self._done(self._announce):
                await self._serve_all(grace)
        finally:
            await self._close()

    @property
    def is_leader(self) -> bool:
        """True if this bridge is the leader: it takes jobs now, and no other does."""
        return self._heartbeat.is_leader

    def complaint(self) -> str:
        """Return why this bridge does not serve, as a sentence; empty if it does."""
        return self._heartbeat.complaint()

    def stop(self) -> None:
        """Begin the graceful shutdown: take nothing more, and end."""
        log.info(
            "graceful shutdown: the bridge stops taking jobs; %d are under way", len(self._in_flight.tasks())
        )
        self._stopping.set()
        self._slots.close()
        for source in self._sources:
            source.end()

    # ---- the loop ---------------------------------------------------------------------------------

    async def _serve(self, source: Source) -> None:
        pauses = doubled(FIRST_PAUSE, LONGEST_PAUSE)
        while not self._stopping.is_set():
            try:
                await self._slots.wait(source.spec.kind)
                await self._take(source)
                pauses = doubled(FIRST_PAUSE, LONGEST_PAUSE)
            except (RedisError, OSError) as error:
                log.warning("%s cannot be read: %s", source.name, TROUBLES.note(error))
                await asyncio.sleep(next(pauses))

    async def _take(self, source: Source) -> None:
        if self._slots.free(source.spec.kind) <= 0:
            return
        job, none_for = await source.take()
        if job is not None:
            self._telemetry.taken(job)
            self._hold(job)
            # It goes to its pool before the next one is looked for.
            await asyncio.sleep(0)
        elif not self._stopping.is_set():
            await source.listen(none_for)

    def _adopt(self, job: Job) -> None:
        self._telemetry.adopted(job)
        self._hold(job)

    def _hold(self, job: Job) -> None:
        task = asyncio.get_running_loop().create_task(self._look_after(job), name=f"{job.queue} {job.id}")
        # Not in the task itself: one that is cancelled before its first step runs nothing of its own.
        task.add_done_callback(lambda _: self._telemetry.forget(job))
        self._in_flight.add(job, task)

    async def _look_after(self, job: Job) -> None:
        try:
            with self._telemetry.about(job):
                await self._attempts.run(job)
        finally:
            self._in_flight.remove(job)
            self._slots.wake()
            self._source_of[job.queue].release()

    def _succeed(self, job: Job, successor: Job) -> None:
        self._in_flight.remove(job)
        self._telemetry.taken(successor)
        self._hold(successor)

    def _succession(self, job: Job) -> NextJob | None:
        # With a slot to spare nobody waits for this one: the queue is listened to.
        return self._source_of[job.queue].succession() if self._slots.full(job.spec.kind) else None

    # ---- what stands around it --------------------------------------------------------------------

    async def _serve_all(self, grace: float) -> None:
        side = [
            self._name(self._watch.listen(), "hear outcomes"),
            self._name(self._watch.look_at_heard(), "look at runs that were heard of"),
            self._name(self._watch.look_around(), "look at all runs"),
            self._name(self._maintenance.scan(), "scan for abandoned jobs"),
            self._name(self._maintenance.audit(), "audit for lost jobs"),
            self._name(log_operators(self._settings), "hear operators"),
        ]
        serving = [self._name(self._serve(source), f"serve {source.name}") for source in self._sources]
        stopping = self._name(self._stopping.wait(), "wait to be stopped")
        try:
            log.info("bridge is ready: %s serves %s", self._me.id, ", ".join(self._source_of))
            done, _ = await asyncio.wait([*side, *serving, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()
            await asyncio.gather(*serving)
            await self._drain(grace)
        finally:
            await asyncio.gather(*map(cancel, (*side, *serving, stopping, *self._in_flight.tasks())))

    async def _drain(self, grace: float) -> None:
        under_way = self._in_flight.tasks()
        if under_way and grace > 0:
            await asyncio.wait(under_way, timeout=grace)
        left = len(self._in_flight.tasks())
        if left:
            log.info("%d jobs are still running; they are left to the next bridge", left)

    def _hear(self, snapshot: LeaseSnapshot, leader: bool) -> None:
        self._watch.update(snapshot)
        self._maintenance.update(snapshot)
        self._slots.update(snapshot, leader=leader and not self._stopping.is_set(), kinds=KINDS)
        self._first_roll.set()

    async def _done(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do what has to be done before the first job; False if the bridge was stopped meanwhile."""
        preparing = self._name(despite_outages(work), "prepare")
        stopping = self._name(self._stopping.wait(), "wait to be stopped")
        await asyncio.wait({preparing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(cancel(preparing), cancel(stopping))
        if preparing.cancelled():
            return False
        preparing.result()
        return True

    async def _try_redis(self) -> None:
        # Without a broker it sends nothing, but what ran already can be settled.
        refuse_to_start(
            await asyncio.to_thread(try_all, self._settings, ("REDIS_URL",), ("CELERY_BROKER_URL",))
        )
        await self._maintenance.examine()

    async def _announce(self) -> None:
        # Not before the lease is there: another bridge would take us for a worker that is none.
        for source in self._sources:
            await source.announce()

    async def _close(self) -> None:
        await asyncio.to_thread(self._heartbeat.stop)
        await self._dispatch.close()
        for source in self._sources:
            await source.close()
        await self._redis.aclose()

    def _source(self, settings: Settings, spec: QueueSpec, worker: str) -> Source:
        # A trace has to be continued by whoever runs the job, and no script knows what the span's ids are.
        sending = None
        if self._dispatch.beside and not is_traced():
            name = settings.queue_name(spec.kind)
            sending = Sending(self._dispatch.form(spec, name), name, self._runs.key(""))
        return Source(settings, self._bull, spec, self._me.id, worker, sending=sending)

    @staticmethod
    def _name(work: Coroutine[object, object, object], name: str) -> asyncio.Task[object]:
        return asyncio.get_running_loop().create_task(work, name=name)
