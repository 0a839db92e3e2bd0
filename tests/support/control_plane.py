"""A control plane in Node, driven from Python: the real producers, consumers and listeners of BullMQ.

The program is ``tests/interop/control_plane.mjs``; arguments and answers are BullMQ's own.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from tests.support.node import INTEROP, ensure_node_modules
from tests.support.processes import Process

if TYPE_CHECKING:
    from collections.abc import Callable

Record: TypeAlias = dict[str, Any]


class NodeError(Exception):
    """A call of BullMQ was rejected in Node."""


class Stream:
    """Reports of Node as things happen, in order; a test waits for what it expects."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._items: list[Record] = []
        self._changed = threading.Condition()

    def append(self, item: Record) -> None:
        """Add an item and wake those who wait for it."""
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def find(self, wanted: Callable[[Record], bool]) -> list[Record]:
        """Return the items so far that are wanted, oldest first."""
        with self._changed:
            return [item for item in self._items if wanted(item)]

    def wait_for(
        self, wanted: Callable[[Record], bool], *, count: int = 1, timeout: float = 20.0
    ) -> list[Record]:
        """Return the wanted items once there are at least ``count``.

        Raises:
            AssertionError: there are fewer after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = [item for item in self._items if wanted(item)]
                left = deadline - time.monotonic()
                if len(found) >= count:
                    return found
                if left <= 0:
                    latest = json.dumps(self._items[-20:], indent=1)[-4000:]
                    found_so_far = f"{len(found)} of {count} in {self.name} after {timeout} s"
                    raise AssertionError(f"{found_so_far}; the latest there:\n{latest}")
                self._changed.wait(left)


class Events(Stream):
    """The events of one queue, as Node's ``QueueEvents`` sees them, from the stream's beginning."""

    def of(self, job: str) -> list[Record]:
        """Return the events of one job so far: ``{"event", "args"}``, oldest first."""
        return self.find(lambda item: item["args"].get("jobId") == job)

    def moves(self, job: str) -> list[Record]:
        """Return those events of one job that say where it is; the others say how far it is."""
        return [event for event in self.of(job) if event["event"] != "progress"]

    def wait(self, job: str, event: str, *, count: int = 1, timeout: float = 20.0) -> Record:
        """Return the arguments of a job's ``count``-th event of that name."""

        def wanted(item: Record) -> bool:
            return item["event"] == event and item["args"].get("jobId") == job

        args: Record = self.wait_for(wanted, count=count, timeout=timeout)[count - 1]["args"]
        return args

    def order(self, event: str, jobs: list[str], *, timeout: float = 20.0) -> list[str]:
        """Return the jobs in the order in which ``event`` came to each, once it came to all."""

        def wanted(item: Record) -> bool:
            return item["event"] == event and item["args"].get("jobId") in jobs

        return [item["args"]["jobId"] for item in self.wait_for(wanted, count=len(jobs), timeout=timeout)]


class Inbox(Stream):
    """The jobs that a Node worker has consumed from one queue of results."""

    def answers(self, job: str) -> list[Record]:
        """Return the result jobs so far that answer ``job``."""
        return self.find(lambda item: item["data"].get("jobId") == job)

    def answer(self, job: str, *, count: int = 1, timeout: float = 20.0) -> Record:
        """Return the ``count``-th result job that answers ``job``, once it came."""
        return self.wait_for(lambda item: item["data"].get("jobId") == job, count=count, timeout=timeout)[
            count - 1
        ]


@dataclass
class NodeQueue:
    """One queue, seen from Node."""

    control: ControlPlane
    name: str
    prefix: str

    @property
    def key(self) -> str:
        return f"{self.prefix}:{self.name}"

    @property
    def results(self) -> NodeQueue:
        return self.control.queue(f"{self.name}.results", self.prefix)

    @property
    def dead_letters(self) -> NodeQueue:
        return self.control.queue(f"{self.name}.dlq", self.prefix)

    def add(self, name: str, data: Any, opts: Record | None = None) -> str:
        """Add a job and return its id."""
        return str(self.call("add", name, data, opts or {})["id"])

    def add_bulk(self, jobs: list[Record]) -> list[str]:
        """Add jobs in one transaction and return their ids: a worker sees all of them or none."""
        return [str(job["id"]) for job in self.call("addBulk", jobs)]

    def job(self, job: str) -> Record:
        """Return every field of a job, and its state."""
        record: Record = self.call_job(job, "record")
        return record

    def call(self, method: str, *args: Any) -> Any:
        """Call a method of BullMQ's ``Queue``."""
        return self.control.call("queue", self, method=method, args=args)

    def call_job(self, job: str, method: str, *args: Any) -> Any:
        """Call a method of BullMQ's ``Job``."""
        return self.control.call("job", self, job=job, method=method, args=args)

    def log(self, job: str, *, lines: int) -> list[str]:
        """Return a job's log, once it has so many lines."""
        deadline = time.monotonic() + 20
        while True:
            log: list[str] = self.call("getJobLogs", job)["logs"]
            if len(log) >= lines:
                return log
            assert time.monotonic() < deadline, f"{len(log)} of {lines} lines after 20 s: {log}"

    def finished(self, job: str, timeout: float = 20.0) -> Any:
        """Return what ``job.waitUntilFinished`` resolves to.

        Raises:
            NodeError: the job failed, or did not finish within ``timeout`` seconds.
        """
        return self.control.call("result", self, job=job, timeout=timeout * 1000)

    def watch(self) -> Events:
        """Return the queue's events; a second call returns the same stream."""
        return self.control.events(self)

    def consume(self, concurrency: int = 5) -> Inbox:
        """Start a Node worker on this queue that completes every job; a second call returns the same."""
        return self.control.inbox(self, concurrency)


@dataclass
class ControlPlane:
    """A Node process with one major version of BullMQ: ``"5"`` is 5.70.1, ``"6"`` the newest.

    With ``OTEL_EXPORTER_OTLP_ENDPOINT`` in ``env`` it is traced by ``bullmq-otel``.
    """

    version: Literal["5", "6"]
    redis_url: str
    env: Record = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _pending: dict[int, Future[Any]] = field(default_factory=dict)
    _events: dict[str, Events] = field(default_factory=dict)
    _inboxes: dict[str, Inbox] = field(default_factory=dict)

    def __enter__(self) -> Self:
        node = ensure_node_modules()
        at = urlsplit(self.redis_url)
        command = [node, "control_plane.mjs", self.version, str(at.hostname), str(at.port)]
        self.process = Process(
            f"control plane {self.version}",
            command,
            env={**os.environ, **self.env},
            cwd=INTEROP,
            on_line=self._hear,
        )
        self.process.wait_for_log('"ready"')
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close_stdin()
        # Without its Redis it cannot close, and a test may well have taken that away.
        with suppress(AssertionError):
            self.process.wait(5)
        self.process.kill()

    def queue(self, name: str, prefix: str = "bull") -> NodeQueue:
        """Name a queue; nothing is opened yet."""
        return NodeQueue(self, name, prefix)

    def add_flow(self, flow: Record, prefix: str = "bull") -> Record:
        """Add a tree of jobs and return it with their ids: ``{"job", "children"}``."""
        tree: Record = self.call("flow", self.queue("", prefix), method="add", args=[flow])
        return tree

    def events(self, queue: NodeQueue) -> Events:
        """Return the events of a queue, from the first that Redis still holds."""
        if queue.key not in self._events:
            self._events[queue.key] = Events(f"the events of {queue.key}")
            self.call("watch", queue)
        return self._events[queue.key]

    def inbox(self, queue: NodeQueue, concurrency: int) -> Inbox:
        """Return what a Node worker on the queue has consumed."""
        if queue.key not in self._inboxes:
            self._inboxes[queue.key] = Inbox(f"what was consumed from {queue.key}")
            self.call("consume", queue, concurrency=concurrency)
        return self._inboxes[queue.key]

    def call(self, on: str, queue: NodeQueue, **command: Any) -> Any:
        """Send one command and return its answer.

        Raises:
            NodeError: it was rejected there.
        """
        number = next(self._numbers)
        answer = self._pending[number] = Future()
        line = {"id": number, "on": on, "prefix": queue.prefix, "queue": queue.name, **command}
        self.process.send_line(json.dumps(line))
        return answer.result(timeout=60)

    def _hear(self, line: str) -> None:
        if not line.startswith("{"):
            return  # What BullMQ or Node prints is in the process's log.
        message = json.loads(line)
        match message:
            case {"watch": key, "event": event, "args": args}:
                self._events[key].append({"event": event, "args": args})
            case {"consume": key, "job": job}:
                self._inboxes[key].append(job)
            case {"id": number, "error": error}:
                self._pending.pop(number).set_exception(NodeError(f"{error['name']}: {error['message']}"))
            case {"id": number, "value": value}:
                self._pending.pop(number).set_result(value)
