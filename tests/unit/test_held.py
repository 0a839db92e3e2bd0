"""How many slots the jobs in hand fill: those that run, and not those that only remain to be settled."""

from __future__ import annotations

import asyncio

import pytest

from aiplane.queues import QUEUES
from bridges.held import Held
from bridges.job import Job, read_job

HINT = QUEUES["hint"]


def job(number: int) -> Job:
    return read_job(HINT, HINT.name, str(number), f"brg:me:{number}", {"data": "{}", "opts": "{}"})


@pytest.fixture
async def held() -> Held:
    made = Held()
    for number in range(4):
        made.add(job(number), asyncio.ensure_future(asyncio.sleep(0)))
    return made


async def test_a_job_whose_run_is_over_fills_no_slot(held: Held) -> None:
    held.answered(job(0))
    assert held.count("hint") == 3
    held.remove(job(0))
    assert held.count("hint") == 3


async def test_where_nothing_can_be_settled_no_more_is_taken(held: Held) -> None:
    for number in range(4):
        held.answered(job(number))
    assert held.count("hint") == 2


async def test_a_job_that_is_held_no_longer_gives_no_slot_back(held: Held) -> None:
    held.remove(job(0))
    held.answered(job(0))
    assert held.count("hint") == 3
