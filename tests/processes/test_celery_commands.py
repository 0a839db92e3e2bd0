"""Every remote command of Celery's, against a pool at work: its answer is true, and no job suffers."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import socket
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from celery import Celery
from celery.worker.control import Panel

from tests.support.deploy import OPERATIONS
from tests.support.jobs import Queue
from tests.support.processes import Plane, Process

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer

POOL = f"hint@{socket.gethostname()}"
TASK = "tasks.hint.generate_hint"
PASSWORD = "a-word-that-nobody-may-see"
SLOTS = 3


class Row(NamedTuple):
    """One command: what it is sent with, and what its answer must match."""

    arguments: dict[str, Any]
    answer: str
    slots: int = SLOTS


REFUSED = "error.*refused"
ROWS = {
    "revoke": Row({"task_id": ["no-task-of-anybody"]}, "ok.*not to be run: no-task"),
    "terminate": Row({"signal": "KILL", "task_id": ["no-task-of-anybody"]}, "ok.*None of them runs here"),
    "revoke_by_stamped_headers": Row({"headers": {"stamp": ["a"]}, "terminate": True}, "ok.*not terminated"),
    "rate_limit": Row({"task_name": TASK, "rate_limit": "1/m"}, f"{REFUSED}.*setGlobalRateLimit"),
    "time_limit": Row({"task_name": TASK, "hard": 1, "soft": 1}, f"{REFUSED}.*HINT_TIME_LIMIT_SECONDS"),
    "autoscale": Row({"max": 10, "min": 3}, f"{REFUSED}.*pool_grow"),
    "pool_restart": Row({}, f"{REFUSED}.*Start another pool"),
    "election": Row({"id": "1", "topic": "task", "action": {"task": TASK}}, REFUSED),
    "objgraph": Row({}, REFUSED),
    "pool_grow": Row({"n": 2}, "ok.*has 5 slots now, and had 3", slots=5),
    "pool_shrink": Row({"n": 2}, "ok.*has 3 slots now, and had 5"),
    "add_consumer": Row({"queue": "hint"}, "ok.*consuming from hint"),
    "cancel_consumer": Row({"queue": "review"}, "error.*serves the queue hint and no other"),
    "enable_events": Row({}, "ok.*task events"),
    "disable_events": Row({}, "ok.*task events"),
    "heartbeat": Row({}, "ok.*sent"),
    "heed_cancellations": Row({}, "ok"),
    "active": Row({}, r"ai\.generate-hint"),
    # A job is reserved for the moment between its message and its slot, if at all.
    "reserved": Row({}, r"^\[(\{.*ai\.generate-hint.*\})?\]$"),
    "scheduled": Row({}, r"\[\]"),
    "revoked": Row({}, "no-task-of-anybody"),
    "registered": Row({}, TASK),
    "active_queues": Row({}, '"name": "hint"'),
    "query_task": Row({"ids": ["no-task-of-anybody"]}, "{}"),
    "stats": Row({}, f'"max-concurrency": {SLOTS}'),
    "clock": Row({}, "clock"),
    "ping": Row({}, "pong"),
    "hello": Row({"from_node": "other@host"}, "clock"),
    "conf": Row({}, "worker_disable_prefetch"),
    "report": Row({}, "software"),
    "memsample": Row({}, "B|null"),
    "memdump": Row({}, "rss"),
    "shutdown": Row({}, "ok.*what runs is ended first", slots=0),
}
"""In this order: the last one ends the pool."""

EDGES = {
    "revoke": [
        ({"task_id": []}, "error.*ids"),
        ({"task_id": "ai.other|1|1|0"}, "error.*no run of these queues"),
    ],
    "pool_grow": [({"n": 0}, "error.*from 1"), ({"n": -2}, "error.*from 1"), ({"n": "x"}, "error.*from 1")],
    "pool_shrink": [({"n": -2}, "error.*from 1")],
    "rate_limit": [({"task_name": "nobody", "rate_limit": "x"}, REFUSED)],
    "add_consumer": [({"queue": "review"}, "error.*serves"), ({"queue": "new"}, "error.*serves")],
    "cancel_consumer": [({"queue": "nobody"}, "error.*serves")],
    "revoke_by_stamped_headers": [
        ({"headers": ["stamp"]}, "error.*key=value"),
        ({"headers": []}, "error.*key"),
    ],
}


@pytest.fixture(scope="module")
def url(redis_server: RedisServer) -> str:
    """Redis' address with a password, which no answer may hold."""
    redis_server.client.execute_command("ACL", "SETUSER", "plane", "on", f">{PASSWORD}", "~*", "&*", "+@all")
    return redis_server.url.replace("redis://", f"redis://plane:{PASSWORD}@")


@pytest.fixture(scope="module")
def plane(url: str, provider: FakeProvider) -> Iterator[Plane]:
    env = {"HINT_CONCURRENCY": str(SLOTS)}
    with Plane(url, provider.base_url, env=env, kinds=["hint"]) as running:
        yield running


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[Celery]:
    """Who sends commands, as Flower does: it knows nothing of the plane's application."""
    with Celery("client", broker=url, set_as_current=False) as made:
        made.conf.broker_transport_options = {"global_keyprefix": "aiplane:bull:celery:"}
        yield made


@pytest.fixture
async def queue(redis_server: RedisServer) -> AsyncIterator[Queue]:
    async with Queue(redis_server.url, "ai.generate-hint") as queue:
        yield queue


async def send(client: Celery, command: str, arguments: dict[str, Any]) -> str:
    """Send a command to the pool, and return what it answered."""
    answers = await asyncio.to_thread(
        client.control.broadcast,
        command, arguments=arguments, destination=[POOL], reply=True, timeout=10, limit=1,
    )  # fmt: skip
    assert answers, f"nobody answered {command}"
    return json.dumps(answers[0][POOL])


async def load(queue: Queue, jobs: int = 2 * SLOTS) -> list[str]:
    text = "Add. [[provider: delay=0.3]]"
    payload = {"problemDescription": text, "currentCode": "", "language": "python", "hintLevel": "gentle"}
    return [await queue.add(payload) for _ in range(jobs)]


async def offered(queue: Queue) -> int:
    holders = await queue.redis.hvals("aiplane:bull:holders")
    return sum(json.loads(text).get("slots", 0) for text in holders)


@pytest.mark.parametrize("command", ROWS)
async def test_a_command_is_answered_truly_and_holds_nothing_up(
    plane: Plane, queue: Queue, client: Celery, command: str
) -> None:
    row = ROWS[command]
    jobs = await load(queue)
    await queue.event(jobs[0], "active")
    for arguments, answer in EDGES.get(command, []):
        assert re.search(answer, await send(client, command, arguments))
    said = await send(client, command, row.arguments)
    assert re.search(row.answer, said), said
    assert PASSWORD not in said
    assert "Error(" not in said

    if command == "shutdown":
        assert await asyncio.to_thread(plane.pools["hint"].wait) == 0
        # What it had not begun waits for another.
        plane.pools["hint"] = plane.start("hint")
    ended = await asyncio.gather(*(queue.event(job, "completed", "failed") for job in jobs))
    assert {event["event"] for event in ended} == {"completed"}
    assert not any("command error" in line for line in plane.pools["hint"].lines)
    if command != "shutdown":
        assert await settled(queue, row.slots) == row.slots


async def settled(queue: Queue, slots: int) -> int:
    """Return how many slots are offered, once the lease had time to say so."""
    for _ in range(60):
        if (now := await offered(queue)) == slots:
            return now
        await asyncio.sleep(0.05)
    return await offered(queue)


async def test_what_does_not_exist_is_answered_by_nobody_and_harms_nobody(
    plane: Plane, queue: Queue, client: Celery
) -> None:
    client.control.broadcast("no_such_command", destination=[POOL])
    client.control.broadcast("pool_grow", arguments={"no_such_argument": 1}, destination=[POOL])
    for job in await load(queue):
        await queue.event(job, "completed")
    assert plane.pools["hint"].alive


async def test_purge_loses_no_job(plane: Plane, queue: Queue) -> None:
    jobs = await load(queue, 20)
    for _ in range(3):
        await celery(plane, "purge", "-f")
    ended = await asyncio.gather(*(queue.event(job, "completed", "failed") for job in jobs))
    assert {event["event"] for event in ended} == {"completed"}


async def test_the_result_of_a_run_is_not_waited_for(plane: Plane) -> None:
    for more in ([], ["--traceback"]):
        said = await celery(plane, "result", "ai.generate-hint|7|1700000000000|0", *more, status=1)
        assert "celery -A aiplane job ai.generate-hint 7" in said
        assert "Traceback" not in said


async def celery(plane: Plane, *line: str, status: int = 0) -> str:
    with Process("celery", ["celery", "-A", "aiplane", *line], env=plane.env) as process:
        assert await asyncio.to_thread(process.wait) == status, process.tail()
        return "\n".join(process.lines)


def test_every_command_has_its_row_here_and_in_the_guide() -> None:
    for module in ("remote", "refused", "revoke"):
        importlib.import_module(f"aiplane.worker.{module}_commands")
    aliases = {meta.alias for meta in Panel.meta.values()}
    commands = set(Panel.data) - aliases
    assert commands == set(ROWS)
    guide = OPERATIONS.read_text(encoding="utf-8")
    table = guide[guide.index("## What do Celery's commands do?") : guide.index("## How do I change a key?")]
    assert commands <= set(re.findall(r"`(\w+)`", table))
