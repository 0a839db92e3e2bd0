"""Playing a run: everything is started, clients ask, blows fall in turn, and at the end all is judged."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from aiplane.queues import QUEUES
from tests.control_plane.chaos.plan import Blow, draw_requests, limits_of
from tests.control_plane.chaos.stage import KINDS, Stage
from tests.control_plane.chaos.traffic import Traffic
from tests.control_plane.chaos.verdict import Verdict, judge
from tests.support.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

DRAIN_SECONDS = 300.0
"""Within which everything must have ended once nothing is killed any more."""

_OPEN = "SELECT (SELECT count(*) FROM jobs WHERE state = 'queued') + (SELECT count(*) FROM outbox)"


async def play(
    seed: int,
    requests: int,
    clients: int,
    every: float,
    say: Callable[[str], None] = print,
    minutes: float = math.inf,
) -> Verdict:
    """Run it once.

    Args:
        seed: decides on what is asked, of whom, and who is killed.
        requests: how many are sent.
        clients: how many are under way at once.
        every: seconds between two blows of one kind, or more: until what was killed before serves again. All
            four have fallen before the last requests are sent.
        say: told in a sentence what goes on.
        minutes: after so long nobody asks for anything more.
    """
    plan, limits = draw_requests(seed, requests), limits_of(requests)
    async with AsyncExitStack() as stack:
        stage = await stack.enter_async_context(Stage(seed, limits))
        queues = [QUEUES[kind].name for kind in KINDS]
        journal = await stack.enter_async_context(Journal(stage.redis.url, queues))
        traffic = Traffic(stage.urls, seed)
        stack.push_async_callback(traffic.aclose)
        await traffic.open_rooms()
        say("everything serves; clients ask, and blows fall")
        began = time.monotonic()
        over = asyncio.Event()
        striking = asyncio.create_task(_strike_on(stage, traffic, every, say, over))
        await traffic.flow(plan, clients, every * 1.5, began + 60 * minutes)
        asked = time.monotonic() - began
        over.set()
        await striking
        await asyncio.to_thread(stage.await_all)
        say(f"all were asked after {asked:.1f} s; what is left must end")
        left = await _drain(stage)
        verdict = await judge(traffic.sent, limits, stage, traffic, journal)
        if left:
            verdict.violations.append(f"{left} had not ended {DRAIN_SECONDS:g} s after the last blow")
        verdict.facts = _facts(stage, traffic, asked, time.monotonic() - began)
        return verdict


async def _strike_on(
    stage: Stage, traffic: Traffic, every: float, say: Callable[[str], None], over: asyncio.Event
) -> None:
    """Strike until it is over, each kind in a rhythm of its own."""
    fallen: set[Blow] = set()

    async def strike_on(number: int, blow: Blow) -> None:
        pause = every * (number + 1) / len(Blow)
        while not await _is_set(over, pause):
            struck = time.monotonic()
            await stage.strike(blow)
            fallen.add(blow)
            if len(fallen) == len(Blow):
                traffic.may_end.set()
            open_jobs = await asyncio.to_thread(_open, stage)
            victim = f"{blow.value} {stage.kills[-1].victim}".strip()
            say(f"killed: {victim}; accepted: {sum(map(bool, traffic.accepted.values()))}, open: {open_jobs}")
            # One that is killed while it starts would never serve, on a machine that is slow enough.
            await asyncio.to_thread(stage.await_all, blow)
            pause = max(0.0, struck + every - time.monotonic())

    async with asyncio.TaskGroup() as group:
        for number, blow in enumerate(Blow):
            group.create_task(strike_on(number, blow))


async def _is_set(over: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), seconds)
    return over.is_set()


async def _drain(stage: Stage) -> int:
    until = time.monotonic() + DRAIN_SECONDS
    while (left := await asyncio.to_thread(_open, stage)) and time.monotonic() < until:  # noqa: ASYNC110 -- rows have no event
        await asyncio.sleep(0.5)
    await asyncio.sleep(2)  # an end too many would come now
    return left


def _open(stage: Stage) -> int:
    return int(str(stage.postgres.query(_OPEN)[0][0]))


def _facts(stage: Stage, traffic: Traffic, asked: float, whole: float) -> dict[str, object]:
    kills = Counter(
        f"{kill.blow.value} {kill.victim.partition('-')[0] if kill.blow is Blow.POOL else ''}".strip()
        for kill in stage.kills
    )
    seconds = sorted(traffic.seconds) or [0.0]
    return {
        "killed": ", ".join(f"{victim} {count}" for victim, count in sorted(kills.items())),
        "seconds until all were accepted": round(asked, 1),
        "seconds until all had ended": round(whole, 1),
        "from asking to the end, median seconds": round(statistics.median(seconds), 2),
        "from asking to the end, p99 seconds": round(seconds[int(0.99 * (len(seconds) - 1))], 2),
        **{name: str(count) for name, count in sorted(traffic.answers.items())},
    }
