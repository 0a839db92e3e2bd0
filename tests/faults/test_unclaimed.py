"""Runs that are sent and that no pool begins: each has an end, and meanwhile no job is active in vain."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import tests.support.dropping
from tests.faults.ledger import assert_nothing_lost
from tests.faults.stage import eventually, payload
from tests.interop.payloads import KINDS
from tests.support.processes import REPOSITORY, Process, await_ready
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from tests.faults.stage import Stage

HINTS = KINDS["hint"].queue


async def offered(stage: Stage) -> int:
    """Return how many slots the leases offer."""
    holders = await stage.client.hvals("aiplane:bull:holders")
    return sum(json.loads(text).get("slots", 0) for text in holders)


async def offers(stage: Stage, slots: int, *, seconds: float = 10) -> None:
    async def look() -> bool:
        return await offered(stage) == slots

    await eventually(look, seconds, f"offer of {slots} slots")


async def state(stage: Stage, job: str) -> str:
    return await stage.bull.queue(HINTS).state(job)


async def waits(stage: Stage, job: str, *, seconds: float = 15) -> None:
    async def look() -> bool:
        return await state(stage, job) == "waiting"

    await eventually(look, seconds, f"waiting of job {job}")


async def control(stage: Stage, *command: str) -> None:
    await celery(stage, "control", "--timeout", "3", *command)


async def celery(stage: Stage, *line: str) -> None:
    with Process("celery", ["celery", "-A", "aiplane", *line], env=stage.plane.env) as process:
        assert await asyncio.to_thread(process.wait) == 0, process.tail()


async def test_a_pool_that_consumes_no_longer_offers_no_slot(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool(slots=3)
    running = await stage.submit("hold")
    await stage.called(running)

    await control(stage, "cancel_consumer", "hint")
    await offers(stage, 0)
    waiting = [await stage.submit() for _ in range(3)]
    await asyncio.sleep(2)  # there is nothing to wait for: nothing must happen
    assert [await state(stage, case.job) for case in waiting] == ["waiting"] * 3

    await control(stage, "add_consumer", "hint")
    await offers(stage, 3)
    stage.provider.release(running.name)
    await assert_nothing_lost(stage)


async def test_what_was_on_its_way_to_a_slot_that_is_gone_waits_again(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool(slots=1)
    running = await stage.submit("hold")
    await stage.called(running)
    gone = await stage.pool(slots=1)
    await offers(stage, 2)
    # It is frozen with its hand out: what is sent now goes to its socket, and with it.
    gone.stop()
    on_its_way = await stage.submit()
    await stage.event(on_its_way, "active")
    gone.kill()

    await stage.event(on_its_way, "waiting", count=2)
    assert (await stage.record(on_its_way)).get("atm", "0") == "0"
    stage.provider.release(running.name)
    await assert_nothing_lost(stage)


async def test_a_run_that_every_pool_drops_is_handed_back_and_then_ends(stage: Stage) -> None:
    bridge = await stage.bridge()
    arguments = f"-n drops@%h -c 1 -I {tests.support.dropping.__name__}"
    pool = stage.plane.start("hint", arguments=arguments, env={"PYTHONPATH": str(REPOSITORY)})
    await asyncio.to_thread(await_ready, pool)
    dropped = await stage.submit(attempts=1)
    await stage.event(dropped, "waiting", count=2, seconds=60)
    assert (await stage.record(dropped)).get("atm", "0") == "0"
    failed = await stage.event(dropped, "failed", seconds=60)
    assert failed.fields["failedReason"].startswith("internal_error: No pool has begun the job")
    assert any("no pool has begun job" in line for line in bridge.lines)
    assert not stage.provider.calls(dropped.name)


async def test_ids_that_are_no_utf8_block_no_queue(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool(slots=2)
    queue = stage.bull.queue(HINTS)
    ids = [bytes([0xFF, 0xFE, 65 + number]).decode(errors="surrogateescape") for number in range(5)]
    for job in ids:
        data = json.dumps(payload("hint", "strange"))
        record = {"name": "x", "data": data, "opts": '{"attempts":1}', "timestamp": 1, "delay": 0}
        await stage.client.hset(queue.key(job), mapping=record)
        await stage.client.lpush(queue.key("wait"), job)
    after = await stage.submit()
    await stage.event(after, "completed", seconds=30)
    for job in ids:

        async def over(job: str = job) -> bool:
            return await state(stage, job) in ("completed", "failed")

        await eventually(over, 30, f"end of job {job!r}")


async def test_a_slot_that_somebody_s_own_task_has_is_offered_to_no_job(stage: Stage) -> None:
    await stage.bridge()
    await stage.pool(slots=2)
    text = "# [[case: own]] [[provider: hold]]"
    own = {"problemDescription": text, "currentCode": "", "language": "python", "hintLevel": "gentle"}
    await celery(stage, "call", "tasks.hint.generate_hint", "--args", json.dumps([own]))
    await asyncio.to_thread(stage.provider.wait_for, "own", timeout=20)
    await offers(stage, 1)
    first, second = await stage.submit("hold"), await stage.submit("hold")
    await stage.called(first)
    # A bridge that had not heard of it yet takes the job, and hands it back.
    await waits(stage, second.job)
    assert not stage.provider.calls(second.name)
    for name in ("own", first.name, second.name):
        stage.provider.release(name)
    await offers(stage, 2)
    await stage.ended()


async def test_a_pool_whose_broker_is_away_offers_no_slot(stage: Stage) -> None:
    with RedisServer() as broker:
        env = {"CELERY_BROKER_URL": broker.url}
        stage.plane.env |= env
        await stage.bridge()
        await stage.pool(slots=2)
        await offers(stage, 2)
        running = await stage.submit("hold")
        await stage.called(running)

        broker.process.stop()  # it is there, and says nothing
        await offers(stage, 0)
        waiting = await stage.submit()
        broker.process.cont()
        await offers(stage, 2)
        await stage.event(waiting, "completed")

        broker.kill()
        await offers(stage, 0)
        waiting = await stage.submit()
        await waits(stage, waiting.job)
        broker.start()
        await offers(stage, 2, seconds=30)
        stage.provider.release(running.name)
        await assert_nothing_lost(stage)


async def test_a_pool_that_may_not_hear_of_commands_any_more_offers_no_slot(stage: Stage) -> None:
    await stage.client.execute_command("ACL", "SETUSER", "deaf", "on", "nopass", "~*", "+@all", "&*")
    await stage.bridge()
    pool = await stage.pool(slots=3, through=stage.redis.url.replace("redis://", "redis://deaf:x@"))
    await offers(stage, 3)
    # Redis closes the connections that have subscribed to what they may not hear now.
    await stage.client.execute_command("ACL", "SETUSER", "deaf", "resetchannels", "&aiplane:bull:[!c]*")
    await asyncio.to_thread(pool.wait_for_log, "Frequent restarts|Connection to broker lost")
    await offers(stage, 0)
    for _ in range(20):
        assert await offered(stage) == 0, pool.tail()
        await asyncio.sleep(0.2)
    case = await stage.submit()
    await asyncio.sleep(2)  # there is nothing to wait for: nothing must happen
    assert await state(stage, case.job) == "waiting"
    await stage.client.execute_command("ACL", "SETUSER", "deaf", "allchannels")
    await stage.event(case, "completed")
