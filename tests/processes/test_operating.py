"""The operator's commands and Celery's own, against a plane that is at work."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import urllib.request
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from celery.bin.celery import celery as program
from click.testing import CliRunner

from aiplane.celery import app
from aiplane.operations.audit_trail import person
from aiplane.queues import KINDS
from tests.support.jobs import Queue
from tests.support.processes import Plane, Process, await_ready

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer

HOST = socket.gethostname()
SECRET = "the candidate's own words"
PAYLOAD = {"problemDescription": "Add.", "currentCode": SECRET, "language": "python", "hintLevel": "gentle"}
UNKNOWN_LEVEL = PAYLOAD | {"hintLevel": "brutal"}


@pytest.fixture
async def queue(redis_server: RedisServer) -> AsyncIterator[Queue]:
    async with Queue(redis_server.url, "ai.generate-hint") as queue:
        yield queue


async def ask(plane: Plane, line: str, *, answer: str = "", status: int = 0) -> str:
    """Run one of the operator's commands in this process, and return what it wrote."""
    app.__dict__.pop("settings", None)
    result = await asyncio.to_thread(
        CliRunner().invoke, program, ["-A", "aiplane", *line.split()], input=answer, env=plane.env
    )
    app.__dict__.pop("settings", None)
    assert result.exit_code == status, result.output
    return result.output


async def celery(plane: Plane, line: str) -> str:
    """Run ``celery -A aiplane`` as a person does, and return what it wrote."""
    with Process("celery", ["celery", "-A", "aiplane", *line.split()], env=plane.env) as process:
        assert await asyncio.to_thread(process.wait) == 0, process.tail()
        return "\n".join(process.lines)


async def read(plane: Plane, line: str) -> Any:
    return json.loads(await ask(plane, f"{line} --json"))


async def dead(queue: Queue, data: object = UNKNOWN_LEVEL, **options: Any) -> str:
    """Add a job that fails for good, and wait until it has."""
    job = await queue.add(data, **options)
    await queue.event(job, "failed")
    return job


async def running(queue: Queue, provider: FakeProvider, case: str, *, seconds: int) -> str:
    """Add a job whose model call takes so long, and wait until it is made."""
    text = f"Add. [[case: {case}]] [[provider: delay={seconds}]]"
    job = await queue.add(PAYLOAD | {"problemDescription": text})
    await asyncio.to_thread(provider.wait_for, case, calls=1, timeout=20)
    return job


# ---- queues -----------------------------------------------------------------------------------------


async def test_queues_shows_what_waits_runs_and_lives(
    plane: Plane, queue: Queue, provider: FakeProvider
) -> None:
    await running(queue, provider, "queues", seconds=4)
    await queue.add(PAYLOAD, delay=600_000)
    shown = await read(plane, "queues")
    hint = next(each for each in shown["queues"] if each["kind"] == "hint")
    assert (hint["queue"], hint["active"], hint["delayed"], hint["slots"]) == ("ai.generate-hint", 1, 1, 5)
    assert (hint["paused"], hint["oldestMs"]) == (False, None)
    assert {each["node"] for each in shown["pools"]} == {f"{kind}@{HOST}" for kind in plane.kinds}
    assert [each["node"] for each in shown["bridges"]] == [HOST]
    assert {each["kind"] for each in shown["pools"] if each["renewedMs"] >= 0} == set(plane.kinds)
    table = await celery(plane, "queues")
    assert re.search(r"^ai\.generate-hint +0 +\d+ +1 +0 +0 +5$", table, re.MULTILINE), table
    assert re.search(rf"^pool +hint@{HOST} +\d+ +5 +\S+ ago$", table, re.MULTILINE), table


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C does what it does in a terminal, also where the tests run in the background."""
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, old)


@pytest.mark.usefixtures("interruptible")
async def test_queues_can_be_watched_at_little_cost(plane: Plane, queue: Queue) -> None:
    with Process("watch", ["aiplane", "queues", "--watch", "0.2"], env=plane.env) as process:
        await asyncio.to_thread(process.wait_for_log, r"ai\.generate-hint +0 +0")
        job = await queue.add(PAYLOAD, delay=600_000)
        await asyncio.to_thread(process.wait_for_log, r"ai\.generate-hint +0 +0 +1")
        await queue.promote(job)
        await queue.event(job, "completed")
        before, mark = psutil.Process(process.pid).cpu_times(), process.mark()
        for _ in range(10):
            await asyncio.to_thread(process.wait_for_log, r"ai\.generate-hint", after=mark)
            mark = process.mark()
        spent = psutil.Process(process.pid).cpu_times()
        assert (spent.user + spent.system) - (before.user + before.system) < 0.5
        process.signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait) == 0
        assert not any("Traceback" in line for line in process.lines)


async def test_watching_goes_on_when_redis_is_back(plane: Plane, redis_server: RedisServer) -> None:
    arguments = ["aiplane", "queues", "--watch=0.2", "--json"]
    with Process("watch", arguments, env=plane.env) as process:
        await asyncio.to_thread(process.wait_for_log, '"queues"')
        redis_server.stop()
        try:
            await asyncio.to_thread(process.wait_for_log, "Redis at .* does not answer")
        finally:
            redis_server.cont()
        mark = process.mark()
        await asyncio.to_thread(process.wait_for_log, '"queues"', after=mark)


async def test_who_retries_dead_jobs_stands_in_the_log_of_the_bridge(plane: Plane, queue: Queue) -> None:
    job = await dead(queue)
    mark = plane.bridge.mark()
    await ask(plane, f"dead retry hint {job}")
    found = await asyncio.to_thread(
        plane.bridge.wait_for_log, rf"(\S+) has retried dead jobs of ai\.generate-hint: {job}$", after=mark
    )
    assert found[1] == person()
    assert f"retried by {person()}" in (await ask(plane, f"job hint {job}"))
    await queue.event(job, "failed", count=2)
    await ask(plane, "dead purge hint --all --yes")


async def test_dead_letters_of_all_queues_are_listed_by_code_and_age(plane: Plane, queue: Queue) -> None:
    job = await dead(queue)
    for line, found in (
        ("dead list --code invalid_payload --older 0s", True),
        ("dead list --older 1h", False),
        ("dead list --code llm_auth --older 0s", False),
    ):
        lists = (await read(plane, line))["queues"]
        assert len(lists) >= len(KINDS)
        assert any(letter["job"] == job for each in lists for letter in each["letters"]) is found, line
    await ask(plane, "dead purge hint --all --yes")


async def test_queues_shows_no_pool_as_alive_that_is_not(plane: Plane, queue: Queue) -> None:
    seconds, _ = await queue.redis.time()
    await queue.redis.hincrby("aiplane:bull:pulse", "since", -3_600_000)
    for name, role, silent in (("gone", "pool", 13), ("silent", "pool", 5), ("dead", "bridge", 6)):
        said = {"id": name, "role": role, "node": name, "pid": 1, "kind": "hint", "slots": 7}
        await queue.redis.hset("aiplane:bull:holders", name, json.dumps(said))
        await queue.redis.zadd("aiplane:bull:leases", {name: (seconds - silent) * 1000})
    shown = await read(plane, "queues")
    await queue.redis.zrem("aiplane:bull:leases", "gone", "silent", "dead")
    pools = {each["node"]: each["slots"] for each in shown["pools"]}
    assert "gone" not in pools
    assert (pools["silent"], pools[f"hint@{HOST}"]) == (0, 5)
    assert [each["node"] for each in shown["bridges"]] == [HOST]
    assert next(each["slots"] for each in shown["queues"] if each["kind"] == "hint") == 5


# ---- dead -------------------------------------------------------------------------------------------


async def test_dead_letters_are_listed_shown_retried_and_purged(plane: Plane, queue: Queue) -> None:
    first, second, third = [await dead(queue) for _ in range(3)]

    listed = await ask(plane, "dead list")
    assert all(re.search(rf"^ai\.generate-hint +{job} +invalid_payload +1 ", listed, re.MULTILINE)
               for job in (first, second, third)), listed  # fmt: skip
    assert SECRET not in listed
    [hint] = (await read(plane, "dead list hint --code invalid_payload --limit 2"))["queues"]
    assert [each["job"] for each in hint["letters"]] == [third, second]
    assert hint["more"] is True

    shown = await ask(plane, f"dead show hint {first}")
    assert "hintLevel" in shown
    assert SECRET not in shown
    assert SECRET in await ask(plane, f"dead show ai.generate-hint {first} --data")
    [letter] = (await read(plane, f"dead show hint {first} --data"))["letters"]
    assert letter["data"] == UNKNOWN_LEVEL

    retried = await ask(plane, f"dead retry hint {first}")
    assert f"{first}: waits again\nDealt with 1 of 1 letter." in retried
    await queue.event(first, "failed", count=2)
    assert "is no dead letter" in await ask(plane, "dead retry hint 99999", status=1)
    done = await read(plane, "dead retry hint --code invalid_payload --limit 1")
    # The newest letter is the one of the job that was just retried, and failed again.
    assert [(each["job"], each["outcome"]) for each in done["letters"]] == [(first, "waits")]

    await queue.event(first, "failed", count=3)
    await ask(plane, f"dead purge hint {second}", answer="n", status=1)
    assert second in await queue.jobs_in("dlq")
    assert "Removed 1 letter." in await ask(plane, f"dead purge hint {second}", answer="y")
    assert second not in await queue.jobs_in("dlq")
    assert (await read(plane, "dead purge hint --older-than 1 --yes"))["removed"] == []
    assert len((await read(plane, "dead purge hint --all --yes"))["removed"]) == 2
    assert "no dead letters" in await ask(plane, "dead list")
    assert await queue.state(second) == "failed"


async def test_a_job_that_is_gone_is_retried_from_its_letter_and_completes(
    plane: Plane, queue: Queue, provider: FakeProvider
) -> None:
    text = "Add. [[case: revived]] [[provider: status=401 times=1]]"
    job = await dead(queue, PAYLOAD | {"problemDescription": text}, removeOnFail=True)
    assert "dead show" in await ask(plane, f"job hint {job}", status=1)
    assert f"{job}: added anew" in await ask(plane, "dead retry hint --code llm_auth")
    await queue.event(job, "completed")
    assert (await queue.jobs_in("results"))[job]["hint"]


async def test_hostile_letters_neither_break_the_table_nor_speak(plane: Plane, queue: Queue) -> None:
    letters = queue.bull.queue("ai.generate-hint.dlq")
    hostile = [{"jobId": "\x1b[2J\n" + "x" * 500, "code": SECRET, "failedReason": SECRET}, [SECRET], SECRET]
    for data in hostile:
        await letters.add(SECRET, data)
    listed = await ask(plane, "dead list hint")
    assert len(listed.splitlines()) == 4
    assert SECRET not in listed
    assert "\x1b" not in listed
    assert "not retried" in await ask(plane, "dead retry hint --all", status=1)
    await ask(plane, "dead purge hint --all --yes")


# ---- job --------------------------------------------------------------------------------------------


async def test_job_tells_who_runs_it(plane: Plane, queue: Queue, provider: FakeProvider) -> None:
    job = await running(queue, provider, "story", seconds=3)
    story = await read(plane, f"job hint {job}")
    assert (story["state"], story["attemptsMade"], story["attempts"]) == ("active", 0, 3)
    assert (story["lock"]["node"], story["lock"]["lives"]) == (HOST, True)
    assert (story["run"]["pool"], story["run"]["lives"], story["run"]["outcome"]) == (
        f"hint@{HOST}",
        True,
        None,
    )
    assert 0 <= story["waitedMs"] < 60_000
    told = await ask(plane, f"job hint {job}")
    assert re.search(rf"claimed by hint@{HOST} \S+ ago, no outcome yet", told), told
    await queue.event(job, "completed")
    story = await read(plane, f"job ai.generate-hint {job}")
    assert (story["state"], story["lock"], story["run"]) == ("completed", None, None)
    assert story["ranMs"] >= 3_000
    assert story["resultJob"].startswith(f"result-{job}-")


async def test_job_tells_why_it_failed_and_what_was_logged(plane: Plane, queue: Queue) -> None:
    job = await dead(queue)
    await queue.redis.rpush(queue.queue.key(f"{job}:logs"), "asked the model\x1b[2J")
    await queue.redis.hset(queue.queue.key(job), "progress", '{"step": "asked"}')
    story = await read(plane, f"job hint {job}")
    assert story["failedReason"].startswith("invalid_payload: ")
    assert story["deadLetter"].startswith(f"dead-{job}-")
    assert story["progress"] == {"step": "asked"}
    assert story["stacktrace"]
    told = await ask(plane, f"job hint {job}")
    assert "asked the model" in told
    assert "\x1b" not in told
    assert SECRET not in told
    await ask(plane, "job hint 99999", status=1)


# ---- Celery's own -----------------------------------------------------------------------------------


async def test_celerys_own_commands_show_what_a_person_knows(
    plane: Plane, queue: Queue, provider: FakeProvider
) -> None:
    job = await running(queue, provider, "inspected", seconds=5)
    active = await celery(plane, f"inspect active -d hint@{HOST} --json")
    # A job of the test before may still be running.
    [task] = [each for each in json.loads(active)[f"hint@{HOST}"] if each["args"].endswith(f" {job}")]
    assert (task["args"], task["kwargs"]) == (f"ai.generate-hint {job}", "attempt 1 of 3")
    lines = ("status", "inspect stats --json", "inspect reserved --json")
    status, stats, reserved = await asyncio.gather(*(celery(plane, line) for line in lines))
    assert all(f"{kind}@{HOST}: OK" in status for kind in plane.kinds)
    assert json.loads(stats)[f"hint@{HOST}"]["pool"]["max-concurrency"] == 5
    assert json.loads(reserved)[f"hint@{HOST}"] == []


async def test_events_and_flower_show_tasks_by_queue_and_job(plane: Plane, queue: Queue) -> None:
    port = free_port()
    env = plane.env | {"FLOWER_UNAUTHENTICATED_API": "1"}
    flower = ["celery", "-A", "aiplane", "flower", "--address=127.0.0.1", f"--port={port}"]
    dump = ["celery", "-A", "aiplane", "events", "--dump"]
    with Process("flower", flower, env=env) as dashboard, Process("events", dump, env=plane.env) as events:
        await asyncio.to_thread(dashboard.wait_for_log, "Connected to redis")
        await asyncio.to_thread(events.wait_for_log, "starting capture")
        # Flower asks the workers for events by itself; until they have heard, nothing is sent.
        await asyncio.to_thread(plane.pools["hint"].wait_for_log, "Events of group .task. enabled")
        await celery(plane, f"call tasks.hint.generate_hint --args={json.dumps([PAYLOAD]).replace(' ', '')}")
        await asyncio.to_thread(events.wait_for_log, r"task received: .* args=\(a payload\)")
        job = await queue.add(PAYLOAD)
        await asyncio.to_thread(events.wait_for_log, rf"task received: .* args=ai\.generate-hint {job} ")
        await asyncio.to_thread(events.wait_for_log, "task succeeded: ")
        tasks = await shown(
            port,
            "api/tasks",
            lambda all_tasks: any(each["state"] == "SUCCESS" for each in all_tasks.values()),
        )
        assert f"ai.generate-hint {job}" in [each["args"] for each in tasks.values()]
        workers = await shown(port, "api/workers?refresh=1", bool)
        assert {f"{kind}@{HOST}" for kind in plane.kinds} <= set(workers)
    assert "candidate" not in "".join(events.lines)


async def test_control_shutdown_stops_a_pool_in_order(
    plane: Plane, queue: Queue, provider: FakeProvider
) -> None:
    pool = plane.start("hint", arguments="-n leaving@%h -c 2")
    await asyncio.to_thread(await_ready, pool)
    while (await slots(plane)).get(f"leaving@{HOST}") != 2:
        pass
    # One more than the other pool has slots for, so one of them runs here.
    jobs = await asyncio.gather(
        *(running(queue, provider, f"leaving-{number}", seconds=6) for number in range(6))
    )
    answer = await celery(plane, f"control shutdown -d leaving@{HOST}")
    assert "stopping; what runs is ended first" in answer
    assert (await slots(plane)).get(f"leaving@{HOST}", 0) == 0
    assert await asyncio.to_thread(pool.wait) == 0, pool.tail()
    assert f"leaving@{HOST}" not in await slots(plane)
    for job in jobs:
        await queue.event(job, "completed")
        assert (await queue.record(job))["ats"] == "1"


async def slots(plane: Plane) -> dict[str, int]:
    return {each["node"]: each["slots"] for each in (await read(plane, "queues"))["pools"]}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def shown(port: int, path: str, wanted: Any, *, seconds: float = 20) -> Any:
    """Ask Flower's API until it says what is waited for."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        answer = json.loads(await asyncio.to_thread(fetch, f"http://127.0.0.1:{port}/{path}"))
        if wanted(answer):
            return answer
        assert asyncio.get_running_loop().time() < end, answer
        await asyncio.sleep(0.1)


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as response:
        body: bytes = response.read()
    return body
