"""A connection that breaks before Redis answers: what was done is found, and not done again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.faults.ledger import assert_nothing_lost
from tests.faults.stage import OPENED_ALONE

if TYPE_CHECKING:
    from tests.faults.stage import Stage
    from tests.support.proxy import RedisProxy


@pytest.mark.parametrize("loss", ["lose_reply", pytest.param("lose_request", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("name", "containing"),
    [
        ("take", b"generate-hint"),
        ("open", b""),
        ("settle", b""),
        ("BZPOPMIN", b"generate-hint:marker"),
        ("renew", b""),
        pytest.param("extendLocks", b"", marks=pytest.mark.slow),
        ("scan", b""),
    ],
    ids=["take", "open", "settle", "listen", "lease", "locks", "scan"],
)
async def test_lost_between_the_bridge_and_redis(
    stage: Stage, proxy: RedisProxy, loss: str, name: str, containing: bytes
) -> None:
    await stage.pool()
    await stage.bridge(through=proxy.url)
    fault = getattr(proxy, loss)(name, containing=b"" if loss == "lose_request" else containing)
    # Locks are renewed every 7.5 s, and only while there are jobs to renew them for.
    does = "delay=10" if name == "extendLocks" else "delay=0.3"
    options = OPENED_ALONE if name == "open" else {}
    jobs = []
    for _ in range(3):
        jobs.append(await stage.submit(does, **options))
        if name == "BZPOPMIN":
            # A queue that has more is not listened to.
            await stage.ended(jobs[-1])
    assert await asyncio.to_thread(fault.happened.wait, 15), proxy.requests
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}


@pytest.mark.parametrize("loss", ["lose_reply", "lose_request"])
async def test_lost_while_the_next_job_is_taken_with_a_settlement(
    stage: Stage, proxy: RedisProxy, loss: str
) -> None:
    await stage.pool(slots=1)
    await stage.bridge(through=proxy.url)
    fault = getattr(proxy, loss)("settle", containing=b"processedOn" if loss == "lose_reply" else b"")
    jobs = [await stage.submit("delay=0.1") for _ in range(4)]
    assert await asyncio.to_thread(fault.happened.wait, 15), proxy.requests
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}


@pytest.mark.parametrize(
    ("loss", "name", "containing"),
    [
        ("lose_reply", "BRPOP", b"aiplane_run"),
        ("lose_reply", "claim", b""),
        pytest.param("lose_request", "claim", b"", marks=pytest.mark.slow),
        ("lose_reply", "finish", b""),
        ("lose_request", "finish", b""),
    ],
    ids=["message", "claimed", "claim", "finished", "finish"],
)
async def test_lost_between_a_pool_and_redis(
    stage: Stage, proxy: RedisProxy, loss: str, name: str, containing: bytes
) -> None:
    await stage.bridge()
    await stage.pool(through=proxy.url)
    fault = getattr(proxy, loss)(name, containing=containing)
    jobs = [await stage.submit("delay=0.3") for _ in range(3)]
    assert await asyncio.to_thread(fault.happened.wait, 15), proxy.requests
    await assert_nothing_lost(stage)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}


@pytest.mark.slow
async def test_every_tenth_message_is_lost_on_its_way_to_the_pool(stage: Stage, proxy: RedisProxy) -> None:
    await stage.bridge()
    await stage.pool(slots=10, through=proxy.url)
    faults = [proxy.lose_reply("BRPOP", containing=b"aiplane_run", skip=5) for _ in range(3)]
    for fault, skip in zip(faults, (3, 12, 20), strict=True):
        fault.skip = skip
    jobs = [await stage.submit("delay=0.1") for _ in range(30)]
    await assert_nothing_lost(stage)
    assert all(fault.happened.is_set() for fault in faults)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}


@pytest.mark.slow
async def test_half_a_second_of_latency_slows_everything_and_breaks_nothing(
    stage: Stage, proxy: RedisProxy
) -> None:
    await stage.bridge(through=proxy.url)
    await stage.pool(through=proxy.url)
    proxy.latency = 0.5
    jobs = [await stage.submit() for _ in range(5)]
    await assert_nothing_lost(stage)
    assert proxy.requests["settle"] >= len(jobs)
    assert {(await stage.record(job))["atm"] for job in jobs} == {"1"}
