"""Playing a run: everything is started, clients ask, blows fall in turn, and at the end all is judged."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from aiplane.queues import QUEUES
from tests.control_plane.chaos.plan import Blow, draw_requests
from tests.control_plane.chaos.stage import KINDS, Stage
from tests.control_plane.chaos.traffic import Traffic
from tests.control_plane.chaos.verdict import Verdict, judge
from tests.support.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

DRAIN_SECONDS = 240.0
"""Within which everything must have ended once nothing is killed any more."""

_OPEN = "SELECT (SELECT count(*) FROM jobs WHERE state = 'queued') + (SELECT count(*) FROM outbox)"


async def play(
    seed: int, requests: int, clients: int, every: float, say: Callable[[str], None] = print
) -> Verdict:
    """Run it once.

    Args:
        seed: decides on what is asked, of whom, and who is killed.
        requests: how many are sent.
        clients: how many are under way at once.
        every: seconds between two blows, or more: until what was killed before serves again. All four have
            fallen before the last requests are sent.
        say: told in a sentence what goes on.
    """
    plan = draw_requests(seed, requests)
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(seed))
        queues = [QUEUES[kind].name for kind in KINDS]
        journal = await stack.enter_async_context(Journal(stage.redis.url, queues))
        traffic = Traffic(stage.urls, seed)
        stack.push_async_callback(traffic.aclose)
        await traffic.open_rooms()
        say("everything serves; clients ask, and blows fall")
        began = time.monotonic()
        over = asyncio.Event()
        striking = asyncio.create_task(_strike_on(stage, traffic, every, say, over))
        await traffic.flow(plan, clients, every * (len(Blow) + 0.5))
        asked = time.monotonic() - began
        over.set()
        await striking
        await asyncio.to_thread(stage.await_all)
        say(f"all were asked after {asked:.1f} s; what is left must end")
        left = await _drain(stage)
        verdict = await judge(plan, stage, traffic, journal)
        if left:
            verdict.violations.append(f"{left} had not ended {DRAIN_SECONDS:g} s after the last blow")
        verdict.facts = _facts(stage, traffic, asked, time.monotonic() - began)
        return verdict


async def _strike_on(
    stage: Stage, traffic: Traffic, every: float, say: Callable[[str], None], over: asyncio.Event
) -> None:
    """Strike in turn until it is over; who was killed is back when this returns."""
    for number, blow in enumerate(itertools.cycle(Blow)):
        if number == len(Blow):
            traffic.may_end.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(every):
                await over.wait()
            return
        # One that is killed while it starts would never serve, on a machine that is slow enough.
        await asyncio.to_thread(stage.await_all)
        await stage.strike(blow)
        say(f"killed: {blow.value} {stage.kills[-1][2]}; open: {_open(stage)}")


async def _drain(stage: Stage) -> int:
    until = time.monotonic() + DRAIN_SECONDS
    while (left := _open(stage)) and time.monotonic() < until:  # noqa: ASYNC110 -- rows have no event
        await asyncio.sleep(0.5)
    await asyncio.sleep(2)  # an end too many would come now
    return left


def _open(stage: Stage) -> int:
    return int(str(stage.postgres.query(_OPEN)[0][0]))


def _facts(stage: Stage, traffic: Traffic, asked: float, whole: float) -> dict[str, object]:
    kills = [blow.value for _, blow, _ in stage.kills]
    seconds = sorted(traffic.seconds) or [0.0]
    return {
        "killed": ", ".join(f"{blow.value} {kills.count(blow.value)}" for blow in Blow),
        "seconds until all were accepted": round(asked, 1),
        "seconds until all had ended": round(whole, 1),
        "from asking to the end, median seconds": round(statistics.median(seconds), 2),
        "from asking to the end, p99 seconds": round(seconds[int(0.99 * (len(seconds) - 1))], 2),
        **{name: str(count) for name, count in sorted(traffic.answers.items())},
    }
