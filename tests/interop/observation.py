"""What Redis and the event stream hold of a job, in a form in which two plays of one scenario compare."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.interop.payloads import HINT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.control_plane import NodeQueue, Record
    from tests.support.redis_server import RedisServer

EPOCH_MS = 1_600_000_000_000
"""Numbers above this are moments, in milliseconds; those below are durations, counts and priorities."""

CHILD_FAILED = re.compile(r"child \S+ failed")
"""BullMQ's words for a parent whose child has failed; a code may stand before them."""


def observe(server: RedisServer, queue: NodeQueue, jobs: tuple[str, ...]) -> list[str]:
    """Return everything that can be seen of some jobs, as lines, without what must differ between two plays.

    That is the jobs' own ids (unique strings), the key prefix, the moments, who did the work, and the words
    of results and sentences. How many there are, and of what kind, stays. How far a job is and its log are
    left out: the reference worker tells neither. Nor does it know what the contract asks beyond BullMQ: a job
    that completes after all has no reason of failure and no dead letter any more.
    """
    seen = json.dumps([_observe(server, queue, job) for job in jobs], indent=1, sort_keys=True)
    for number, job in enumerate(jobs, start=1):
        seen = seen.replace(job, f"<job {number}>")
    return seen.replace(f"{queue.prefix}:", "<prefix>:").splitlines()


def _observe(server: RedisServer, queue: NodeQueue, job: str) -> Record:
    log = f"{queue.key}:{job}:logs"
    state = queue.call("getJobState", job)
    beyond_bullmq = {"deadLetter"} | ({"failedReason"} if state == "completed" else set())
    fields = server.client.hgetall(f"{queue.key}:{job}")
    return {
        "state": state,
        "fields": _comparable({name: fields[name] for name in fields.keys() - beyond_bullmq}),
        "keys": sorted(key for key in server.client.scan_iter(f"{queue.key}:{job}:*") if key != log),
        "events": [{event["event"]: _comparable(event["args"])} for event in queue.watch().moves(job)],
        "results": _copies(server, queue.results, job),
        "dead letters": None if state == "completed" else _copies(server, queue.dead_letters, job),
    }


def _copies(server: RedisServer, queue: NodeQueue, job: str) -> int:
    """Count the jobs of a queue that speak of ``job`` and are still kept."""
    keys = [key for key in server.client.scan_iter(f"{queue.key}:*") if server.client.type(key) == "hash"]
    data = [json.loads(server.client.hget(key, "data") or "{}") for key in keys]
    return sum(each.get("jobId") == job for each in data)


def _comparable(fields: Mapping[str, Any]) -> Record:
    return {name: _comparable_field(name, value) for name, value in fields.items() if name != "progress"}


def _comparable_field(name: str, value: Any) -> Any:
    match name:
        case "timestamp" | "processedOn" | "finishedOn" | "delay":
            return "<moment>" if int(value) > EPOCH_MS else int(value)
        case "pb":
            return "<worker>"
        case "returnvalue":
            return "<result>"
        case "failedReason" if CHILD_FAILED.search(value):
            return "<child failed>"
        case "failedReason":
            return value.partition(": ")[0]
        case "stacktrace":
            return f"{len(json.loads(value))} entries"
        case "data":
            return {**json.loads(value), HINT.text: "<text>"}
        case "opts" | "parent":
            return json.loads(value)
        case _:
            return value
