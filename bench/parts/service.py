"""What the control plane adds: to a message, beside the client alone; and to a GET, beside the framework."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import TYPE_CHECKING, Any

import httpx2

from aiplane.client import Client
from aiplane.queues import QUEUES
from aiplane.settings import Settings
from bench.contenders import CONTENDERS
from bench.service import Browser, Service
from bench.work import Work
from bench.workers.empty_route import PATH
from tests.interop.payloads import KINDS as WIRE
from tests.support.processes import plane_environment

if TYPE_CHECKING:
    from bench.rig import Rig
    from bench.rounds import Rounds
    from bench.service import Room

DELAY = 0.2
"""Seconds of a call of the model."""

ROOMS, MESSAGES = 5, 20
"""Rooms of a round, after one that does not count, and messages said in each: as many as the limit allows."""

LOOKS = 500
"""Looks at a result, after a tenth of them that do not count."""

QUIET = 0.05
"""Seconds between two jobs: what is done after a job's end is not to be in the next one's time."""


def measure(rounds: Rounds) -> list[dict[str, Any]]:
    """Run it: the service and the client take turns, message by message, with the same pool."""
    rooms, messages, looks = (1, 3, 20) if rounds.quick else (ROOMS, MESSAGES, LOOKS)
    ours = {name: CONTENDERS[name] for name in ("aiplane",)}

    def once(rig: Rig, _: Any) -> dict[str, Any]:
        load = round(os.getloadavg()[0], 2)
        CONTENDERS["aiplane"].start(rig, Work({"interview": QUEUES["interview"].concurrency}))
        with Service(rig) as service:
            clock = rig.clock()
            measured = asyncio.run(_measured(rig, service, rooms, messages, looks))
            return {"load": load, "jobs": 2 * (rooms + 1) * messages, **measured, **clock.read()}

    return rounds.interleaved(ours, once, delay=DELAY)


async def _measured(
    rig: Rig, service: Service, rooms: int, messages: int, looks: int
) -> dict[str, list[float]]:
    settings = Settings.load(plane_environment(rig.redis_url, rig.provider_url))
    took: dict[str, list[float]] = {"accepted": [], "service": [], "client": []}
    async with Browser(service) as browser, Client(settings) as client:
        for number in range(rooms + 1):
            async with await browser.enter() as room:
                turns = [await _turn(rig, room, client, f"{number}.{each}") for each in range(messages)]
                path = f"{room.path}/message/{turns[-1][0]}"
            if number:
                for name, values in zip(took, list(zip(*turns, strict=True))[1:], strict=True):
                    took[name] += values
        async with httpx2.AsyncClient(base_url=service.empty_url) as framework:
            for _ in range(looks // 10):
                await _look(browser.client, path)
                await _look(framework, PATH)
            both = [(await _look(browser.client, path), await _look(framework, PATH)) for _ in range(looks)]
    took["result"], took["empty"] = (list(values) for values in zip(*both, strict=True))
    return {name: [round(value, 3) for value in values] for name, values in took.items()}


async def _turn(rig: Rig, room: Room, client: Client, number: str) -> tuple[str, float, float, float]:
    """Say something in a room, and then have the client ask the same."""
    wire = WIRE["interview"].payload
    job_id, accepted, service = await room.say(wire["userMessage"], f"{wire['currentCode']}# {number}\n")
    # The payload that the service made: the conversation so far is in it.
    asked: Any = rig.client.hget(f"bull:{QUEUES['interview'].name}:{job_id}", "data")
    # What a pool remembers of a code helps nobody here.
    payload = {**json.loads(asked), "currentCode": f"{wire['currentCode']}# {number}, again\n"}
    await asyncio.sleep(QUIET)
    began = time.monotonic()
    await client.wait("interview", await client.submit("interview", payload), timeout=60)
    alone = (time.monotonic() - began) * 1000
    await asyncio.sleep(QUIET)
    return job_id, accepted, service, alone


async def _look(client: httpx2.AsyncClient, path: str) -> float:
    began = time.monotonic()
    answer = await client.get(path)
    took = (time.monotonic() - began) * 1000
    assert answer.status_code == 200, answer.text
    return took
