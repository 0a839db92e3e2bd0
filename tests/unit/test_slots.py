"""No job is taken without a slot, and whoever waits for a slot is woken when one is free."""

from __future__ import annotations

import asyncio

from aiplane.ledger.leases import LeaseSnapshot, Member
from aiplane.queues import KINDS
from bridges.slots import Slots


def snapshot(**slots: int) -> LeaseSnapshot:
    seen = {
        f"{kind}-{number}": (Member(f"{kind}-{number}", "pool", kind, 1, kind, count), 1000)
        for number, (kind, count) in enumerate(slots.items())
    }
    return LeaseSnapshot(1000, 0, seen)


async def test_slots_are_those_of_living_pools_less_what_is_held() -> None:
    held = {"hint": 2}
    slots = Slots(lambda kind: held.get(kind, 0))
    assert slots.free("hint") == 0
    slots.update(snapshot(hint=5, review=3), leader=True, kinds=KINDS)
    assert slots.free("hint") == 3
    assert slots.free("review") == 3
    assert slots.free("interview") == 0
    slots.others_hold("hint", 2)
    assert slots.free("hint") == 1


async def test_a_settled_job_has_a_successor_only_while_all_slots_are_taken_and_no_more() -> None:
    held = {"hint": 4}
    slots = Slots(lambda kind: held.get(kind, 0))
    slots.update(snapshot(hint=5), leader=True, kinds=KINDS)
    assert not slots.full("hint")
    slots.others_hold("hint", 1)
    assert slots.full("hint")
    held["hint"] = 5
    assert not slots.full("hint")
    slots.others_hold("hint", 0)
    slots.update(snapshot(hint=5), leader=False, kinds=KINDS)
    assert not slots.full("hint")


async def test_out_of_turn_no_slot_is_free() -> None:
    slots = Slots(lambda _: 0)
    slots.update(snapshot(hint=5), leader=False, kinds=KINDS)
    assert slots.free("hint") == 0


async def test_whoever_waits_is_woken_by_a_settled_job() -> None:
    held = {"hint": 1}
    slots = Slots(lambda kind: held.get(kind, 0))
    slots.update(snapshot(hint=1), leader=True, kinds=KINDS)
    waiting = asyncio.create_task(slots.wait("hint"))
    await asyncio.sleep(0)
    assert not waiting.done()
    held["hint"] = 0
    slots.wake()
    await asyncio.wait_for(waiting, 1)


async def test_every_kind_that_waits_is_woken() -> None:
    slots = Slots(lambda _: 0)
    waiting = [asyncio.create_task(slots.wait(kind)) for kind in KINDS]
    await asyncio.sleep(0)
    slots.update(snapshot(**dict.fromkeys(KINDS, 1)), leader=True, kinds=KINDS)
    await asyncio.wait_for(asyncio.gather(*waiting), 1)


async def test_nobody_waits_for_closed_slots() -> None:
    slots = Slots(lambda _: 0)
    waiting = asyncio.create_task(slots.wait("hint"))
    await asyncio.sleep(0)
    slots.close()
    await asyncio.wait_for(waiting, 1)
    slots.update(snapshot(hint=5), leader=False, kinds=KINDS)
    assert slots.free("hint") == 0
