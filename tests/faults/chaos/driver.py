"""Playing a plan: everything is started, jobs flow, blows fall, and at the end all is healed and judged."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from redis import RedisError

from aiplane.bull import Bull
from aiplane.context.cancellation import cancel
from aiplane.redis.clients import connect
from tests.faults.chaos.fleet import Fleet
from tests.faults.chaos.plan import Blow, Stroke, draw_plan
from tests.faults.chaos.traffic import Sent, Traffic
from tests.faults.chaos.waiting import until
from tests.faults.chaos.witness import Kill, Witness
from tests.interop.payloads import KINDS
from tests.support.control_plane import ControlPlane, Inbox
from tests.support.journal import Journal
from tests.support.processes import Plane, Process
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable

DRAIN_SECONDS = 240.0
"""Within which everything must have ended once nothing is broken any more."""


@dataclass
class Play:
    """What a run was, and all that is known of it when it is over."""

    seed: int
    minutes: float
    journal: Journal
    bull: Bull
    witness: Witness
    sent: list[Sent]
    inboxes: dict[str, Inbox]
    calls: Path
    problems: list[str]
    facts: dict[str, object]


class Driver:
    """One run: starts all processes, and ends all of them.

    Args:
        seed: decides on the blows, their moments and victims, and on the jobs.
        minutes: how long blows fall; starting, healing and draining come on top.
        say: told in a sentence what goes on.
    """

    def __init__(self, seed: int, minutes: float, say: Callable[[str], None]) -> None:
        self._seed = seed
        self._minutes = minutes
        self._say = say
        self._redis_guard = asyncio.Lock()
        self._freezing = asyncio.Lock()
        self._problems: list[str] = []
        self._delayed_fsyncs = 0

    async def play(self, judge: Callable[[Play], object]) -> None:
        """Run it and let ``judge`` look at what came of it, while Redis is still there."""
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._say("everything serves; the blows begin")
            started = time.time()
            background = [
                asyncio.create_task(work) for work in (self._witness.watch(), self._fleet.supervise())
            ]
            flow = asyncio.create_task(self._traffic.flow())
            await self._strike_all(draw_plan(self._seed, self._minutes))
            await cancel(flow)
            self._say("the blows are over; what is left must end")
            await self._heal()
            await judge(
                Play(
                    self._seed, self._minutes, self._journal, self._bull, self._witness, self._traffic.sent,
                    self._inboxes, self._calls, self._problems, await self._facts(started),
                )
            )  # fmt: skip
            for task in background:
                await cancel(task)

    async def _start(self, stack: AsyncExitStack) -> None:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        self._calls = directory / "calls.jsonl"
        self._redis = stack.enter_context(RedisServer())
        command = [sys.executable, "-m", "tests.support.provider", "--log", str(self._calls)]
        plane = Plane(self._redis.url, "")
        provider = stack.enter_context(Process("provider", command, env=plane.env))
        plane.env["OPENAI_BASE_URL"] = provider.wait_for_log(r"ready at (\S+)")[1]
        nodes = {f"node{major}": ControlPlane(major, self._redis.url) for major in ("5", "6")}
        for node in nodes.values():
            stack.enter_context(node)
        queues = [kind.queue for kind in KINDS.values()]
        consumers = dict(zip(queues, [*nodes.values()] * 2, strict=True))
        self._inboxes = {queue: node.queue(f"{queue}.results").consume() for queue, node in consumers.items()}
        every = [f"{queue}{end}" for queue in queues for end in ("", ".results", ".dlq")]
        self._journal = await stack.enter_async_context(Journal(self._redis.url, every))
        self._client = connect(self._redis.url)
        stack.push_async_callback(self._client.aclose)
        self._bull = Bull(self._client)
        stack.callback(plane.kill)
        self._plane = plane
        self._fleet = Fleet(plane)
        self._witness = Witness(self._client, self._fleet)
        self._traffic = Traffic(self._seed, self._journal, self._bull, nodes)
        await self._learn_leases()

    async def _learn_leases(self) -> None:
        looking = asyncio.create_task(self._witness.watch())
        ready = await self._fleet.all_ready(60)
        await cancel(looking)
        idle = [member for member in self._fleet.members if not member.ready]
        assert ready, "\n".join(f"{each.name} does not serve:\n{each.process.tail(12)}" for each in idle)

    # ---- blows ------------------------------------------------------------------------------------

    async def _strike_all(self, plan: list[Stroke]) -> None:
        start, falling = time.monotonic(), []
        for stroke in plan:
            await asyncio.sleep(max(0.0, start + stroke.at - time.monotonic()))
            falling.append(asyncio.create_task(self._strike(stroke)))
            self._tell_progress(len(falling), len(plan))
        await asyncio.sleep(max(0.0, start + self._minutes * 60 - time.monotonic()))
        await asyncio.gather(*falling)

    async def _strike(self, stroke: Stroke) -> None:
        match stroke.blow:
            case Blow.KILL_BRIDGE | Blow.KILL_POOL:
                await self._kill(stroke)
            case Blow.ROLL_BRIDGE | Blow.ROLL_POOL:
                await self._roll(stroke)
            case Blow.FREEZE_BRIDGE:
                await self._freeze(stroke)
            case Blow.KILL_REDIS | Blow.FREEZE_REDIS | Blow.CUT:
                async with self._redis_guard:
                    await self._strike_redis(stroke)

    async def _kill(self, stroke: Stroke) -> None:
        bridges = stroke.blow is Blow.KILL_BRIDGE
        member = await self._fleet.victim(self._fleet.bridges if bridges else self._fleet.pools, stroke.draw)
        lease = member.lease or ""
        member.process.kill()
        assert not member.process.alive
        self._witness.note(Kill(stroke.blow, time.time(), member.name, lease))
        await self._fleet.restart(member)

    async def _roll(self, stroke: Stroke) -> None:
        bridges = stroke.blow is Blow.ROLL_BRIDGE
        member = await self._fleet.victim(self._fleet.bridges if bridges else self._fleet.pools, stroke.draw)
        began = time.time()
        member.process.terminate()
        await until(lambda: not member.process.alive, 60)
        if member.process.alive or (code := member.process.wait()) != 0:
            code = "nothing: it runs on" if member.process.alive else code
            if not self._witness.outage_within(began, time.time()):
                self._problems.append(
                    f"{member.name} answered SIGTERM with {code}:\n{member.process.tail(8)}"
                )
        self._witness.note(Kill(stroke.blow, began))
        await self._fleet.restart(member)

    async def _freeze(self, stroke: Stroke) -> None:
        # One at a time: with both frozen, nobody is there whose recovery could be measured.
        async with self._freezing:
            member = await self._fleet.victim(self._fleet.bridges, stroke.draw)
            member.process.stop()
            self._witness.note(Kill(stroke.blow, time.time(), f"{member.name} for {stroke.lasting:.1f} s"))
            await asyncio.sleep(stroke.lasting)
            member.process.cont()
            member.busy = False

    async def _strike_redis(self, stroke: Stroke) -> None:
        self._witness.note(Kill(stroke.blow, time.time()))
        if stroke.blow is Blow.CUT:
            with suppress(RedisError):
                for kind in ("normal", "pubsub"):
                    await self._client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "no")
            return
        began = time.time()
        self._witness.outages.append((began, float("inf")))
        if stroke.blow is Blow.FREEZE_REDIS:
            self._redis.stop()
            await asyncio.sleep(stroke.lasting)
            self._redis.cont()
        else:
            await self._note_durability()
            self._redis.kill()
            await asyncio.sleep(stroke.lasting)
            self._redis.start()
        self._witness.outages[-1] = (began, time.time())

    async def _note_durability(self) -> None:
        """Count the writes that waited for the disk: those, and only those, a killed Redis may have lost."""
        with suppress(RedisError):
            self._delayed_fsyncs += int((await self._client.info("persistence"))["aof_delayed_fsync"])

    # ---- the end ----------------------------------------------------------------------------------

    async def _heal(self) -> None:
        if not await self._fleet.all_ready(90):
            idle = [member.name for member in self._fleet.members if not member.ready]
            self._problems.append(f"these do not serve though nothing is broken: {', '.join(idle)}")
        if missing := await self._traffic.finish(60):
            self._problems.append(f"{missing} jobs could not be added")
        sent = self._traffic.sent

        def left() -> int:
            return sum(not self._journal.of(job.queue, job.id, "completed", "failed") for job in sent)

        def consumed() -> int:
            return sum(len({item["id"] for item in inbox.find(bool)}) for inbox in self._inboxes.values())

        await until(lambda: not left(), DRAIN_SECONDS)
        results = sum(len(set(self._journal.jobs(f"{queue}.results", "added"))) for queue in self._inboxes)
        await until(lambda: consumed() >= results, DRAIN_SECONDS)
        await asyncio.sleep(2)  # an end too many would come now

    async def _facts(self, started: float) -> dict[str, object]:
        await self._note_durability()
        info = await self._client.info()
        codes = await self._fleet.retire(60)
        self._problems += [f"{name} ended with {code} at the end" for name, code in codes.items() if code]
        self._problems += self._fleet.unexpected
        return {
            "seconds": round(time.time() - started, 1),
            "added again after an outage": self._traffic.added_again,
            "Redis writes delayed by fsync": self._delayed_fsyncs,
            "Redis memory at the end (MB)": round(info["used_memory"] / 1e6, 1),
            "Redis clients at the end": info["connected_clients"],
        }

    def _tell_progress(self, strokes: int, of: int) -> None:
        if strokes % 25 == 0:
            ended = sum(
                bool(self._journal.of(job.queue, job.id, "completed", "failed")) for job in self._traffic.sent
            )
            self._say(f"{strokes} of {of} blows; {ended} of {len(self._traffic.sent)} jobs have ended")
