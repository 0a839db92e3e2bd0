"""Clients that ask: each sends a request until it is accepted, and looks what comes of it."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import httpx2

from tests.control_plane.chaos.plan import ROOMS, USERS, Request
from tests.support.api import PROBLEM, token

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_SECONDS = 120.0
"""Seconds for which a client sends a request again that is not accepted."""

LOOKING_SECONDS = 5.0
"""For so long a client looks what comes of it, and then asks for the next."""

PAUSE = 1.0
"""Seconds until a client tries again: sooner than each Retry-After."""

LATER = {"queues_unavailable", "no_workers", "workers_busy", "database_unavailable", "queues_timed_out"}
"""Codes of refusals after which the same is asked again; each 503 says when."""

FOREVER = 2**31


class Traffic:
    """Everything that is sent, and what was answered.

    Args:
        urls: the services.
        seed: decides on who asks whom.

    Attributes:
        accepted: by the key of a request, the ids of jobs that were answered: there may be one.
        limited: the keys of requests that were refused since the person had asked too often.
        answers: how often each status and code was answered; ``(nothing)`` where the connection broke.
        problems: what should not have been answered.
        seconds: how long it took from asking to the end, where the client looked for so long.
        may_end: without it the last requests are held back.
        sent: the requests that were sent.
    """

    def __init__(self, urls: list[str], seed: int) -> None:
        self._chance = random.Random(seed)
        limits = httpx2.Limits(max_connections=None)
        self._services = [httpx2.AsyncClient(base_url=url, timeout=15, limits=limits) for url in urls]
        self._tokens = [token(f"user-{number}", exp=FOREVER) for number in range(USERS)]
        self.rooms: list[str] = []
        self.accepted: dict[str, set[str]] = defaultdict(set)
        self.limited: set[str] = set()
        self.answers: Counter[str] = Counter()
        self.problems: list[str] = []
        self.seconds: list[float] = []
        self.may_end = asyncio.Event()
        self.sent: list[Request] = []
        self._gate = asyncio.Semaphore(8)

    async def aclose(self) -> None:
        for service in self._services:
            await service.aclose()

    async def open_rooms(self) -> None:
        """Open the rooms, with everybody in each."""
        problem = await self._told("/problems", PROBLEM)
        rooms = (self._open_room(problem["id"]) for _ in range(ROOMS))
        self.rooms = await asyncio.gather(*rooms)

    async def _open_room(self, problem_id: str) -> str:
        async with self._gate:
            room = {"problemId": problem_id, "mode": "ai", "language": "python"}
            room_id = str((await self._told("/rooms", room))["id"])
            for user in range(USERS):
                member = {"userId": f"user-{user}", "role": "candidate"}
                await self._told(f"/rooms/{room_id}/participants", member)
        return room_id

    async def flow(
        self, requests: list[Request], clients: int, seconds: float, until: float = math.inf
    ) -> None:
        """Send all requests, each once it is due and a client is free; they are due within ``seconds``.

        Past ``until``, on the monotonic clock, nobody asks for anything more.
        """
        began, due = time.monotonic(), seconds / len(requests)
        left = iter(enumerate(requests))
        self._held = len(requests) - max(1, len(requests) // 10)
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(self._ask_on(left, began, due, until))

    async def look(self, request: Request, job_id: str, *, wait: int = 0) -> Any:
        """Return how a job stands, as whoever asked for it is told."""
        path = f"/rooms/{self.rooms[request.room]}/ai/{request.what}/{job_id}"
        answer = await self._send("GET", path, request.user, params={"wait": wait})
        if answer is not None and answer.status_code != 200 and _code(answer) not in LATER:
            self.problems.append(f"GET {request.what} {job_id}: {answer.status_code} {answer.text}")
        return answer.json() if answer is not None and answer.status_code == 200 else None

    async def quota(self, user: int, room: int) -> dict[str, int]:
        """Return what is left of each limit of one user in one room."""
        answer = await self._send("GET", "/users/me/ai/quota", user, params={"roomId": self.rooms[room]})
        assert answer is not None
        assert answer.status_code == 200, answer.text
        return {what: left["remaining"] for what, left in answer.json().items() if what != "roomId"}

    async def _ask_on(
        self, left: Iterator[tuple[int, Request]], began: float, due: float, until: float
    ) -> None:
        for number, request in left:
            if time.monotonic() > until:
                return
            await asyncio.sleep(max(0.0, began + number * due - time.monotonic()))
            if number >= self._held:
                await self.may_end.wait()
            self.sent.append(request)
            asked = time.monotonic()
            await asyncio.gather(*(self._ask(request) for _ in range(2 if request.twice else 1)))
            for job_id in self.accepted[request.key]:
                await self._see_the_end(request, job_id, asked)

    async def _ask(self, request: Request) -> None:
        path = f"/rooms/{self.rooms[request.room]}/ai/{request.what}"
        until = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < until:
            answer = await self._send(
                "POST", path, request.user, json=request.body, headers={"Idempotency-Key": request.key}
            )
            if answer is not None and answer.status_code == 202:
                self.accepted[request.key].add(answer.json()["jobId"])
                return
            if answer is not None and answer.status_code == 429:
                self.limited.add(request.key)
                return
            if answer is not None and _code(answer) not in LATER:
                self.problems.append(f"{request}: {answer.status_code} {answer.text}")
                return
            await asyncio.sleep(PAUSE * (0.5 + self._chance.random()))
        self.problems.append(f"not accepted in {TIMEOUT_SECONDS:g} s: {request}")

    async def _see_the_end(self, request: Request, job_id: str, asked: float) -> None:
        until = time.monotonic() + LOOKING_SECONDS
        while time.monotonic() < until:
            found = await self.look(request, job_id, wait=round(LOOKING_SECONDS))
            if found is None:
                await asyncio.sleep(PAUSE)
            elif found["status"] in ("completed", "failed"):
                self.seconds.append(time.monotonic() - asked)
                return

    async def _send(self, method: str, path: str, user: int, **options: Any) -> httpx2.Response | None:
        headers = {"Authorization": f"Bearer {self._tokens[user]}", **options.pop("headers", {})}
        service = self._chance.choice(self._services)
        try:
            answer = await service.request(method, path, headers=headers, **options)
        except httpx2.HTTPError:
            self.answers[f"{method} (nothing)"] += 1
            return None
        self.answers[f"{method} {answer.status_code} {_code(answer)}".rstrip()] += 1
        if answer.status_code in (429, 503) and int(answer.headers.get("retry-after", "0")) < 1:
            self.problems.append(f"{method} {path}: {answer.status_code} without Retry-After")
        return answer

    async def _told(self, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {token('platform', scope='service')}"}
        answer = await self._services[0].post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


def _code(answer: httpx2.Response) -> str:
    return "" if answer.is_success else str(answer.json().get("code", ""))
