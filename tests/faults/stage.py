"""Where a fault is played: a Redis of its own, a provider that counts, and the plane, process by process."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from bullmq.redis_connection import loadScript
from redis import RedisError

from aiplane.bull import Bull
from aiplane.bull.progress import WRITE_NOTES
from aiplane.ledger import claims, leases, runs
from aiplane.redis.clients import connect
from bridges import adopt
from bridges.settle import settling_steps
from bridges.take_script import taking_steps
from tests.interop.payloads import KINDS
from tests.support.audio import recording
from tests.support.journal import Event, Journal
from tests.support.processes import Plane, Process, await_ready

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer

OPENED_ALONE = {"keepLogs": 50}
"""Options of a job whose run is not opened as it is taken, but by a call of its own."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Case:
    """A job under test, and the name under which the provider counts its calls."""

    kind: str
    queue: str
    job: str
    name: str


def payload(kind: str, case: str, does: str = "") -> dict[str, Any]:
    """Return a job's data that is counted as ``case`` and makes the provider behave as ``does`` says."""
    text = f"# [[case: {case}]] [[provider: {does}]]\n"
    if kind == "transcribe":
        audio = recording("webm", 0.3, comment=text)
        return {"mimeType": "audio/webm", "audioBase64": base64.b64encode(audio).decode()}
    return KINDS[kind].with_text(text)


class Stage:
    """One fault's stage. Used as an async context manager; everything that it started is gone after it."""

    def __init__(
        self, redis: RedisServer, provider: FakeProvider, *, env: Mapping[str, str] | None = None
    ) -> None:
        self.redis = redis
        self.provider = provider
        self.plane = Plane(redis.url, provider.base_url, env=env)
        self.client = connect(redis.url)
        self.bull = Bull(self.client)
        self.cases: list[Case] = []
        self.leftovers: list[str] = []
        queues = [kind.queue for kind in KINDS.values()]
        self.journal = Journal(
            redis.url, [f"{queue}{end}" for queue in queues for end in ("", ".results", ".dlq")]
        )

    async def __aenter__(self) -> Self:
        await self.journal.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.plane.kill()
        await self.journal.__aexit__()
        await self.client.aclose()

    # ---- processes --------------------------------------------------------------------------------

    async def bridge(self, *, through: str | None = None, arguments: str = "--grace 0") -> Process:
        """Start a bridge and await that it serves; its Redis may be reached ``through`` another URL."""
        return await self._start("bridge", arguments, through)

    async def pool(
        self, kind: str = "hint", *, slots: int = 5, name: str = "", through: str | None = None
    ) -> Process:
        """Start a pool and await that it serves."""
        node = name or f"{kind}{next(_numbers)}"
        return await self._start(kind, f"-n {node}@%h -c {slots}", through)

    async def _start(self, line: str, arguments: str, through: str | None) -> Process:
        env = {"REDIS_URL": through} if through else {}
        process = self.plane.start(line, arguments=arguments, env=env)
        await asyncio.to_thread(await_ready, process)
        return process

    def living(self) -> set[int]:
        """Return the process ids of the plane that run now."""
        return {process.pid for process in self.plane.processes if process.alive}

    # ---- jobs -------------------------------------------------------------------------------------

    async def submit(self, does: str = "", *, kind: str = "hint", **options: Any) -> Case:
        """Add a job for which the provider does what is asked, and whose retries come at once."""
        name = f"fault-{next(_numbers)}"
        queue = KINDS[kind].queue
        chosen = {"attempts": 3, "backoff": {"type": "fixed", "delay": 100}, **options}
        job = await self.bull.queue(queue).add(
            KINDS[kind].job_name, payload(kind, name, does), options=chosen
        )
        return self.expect(Case(kind, queue, job, name))

    def expect(self, case: Case) -> Case:
        """Count a job that was added elsewhere among those of this stage."""
        self.cases.append(case)
        return case

    async def called(self, case: Case, calls: int = 1, *, seconds: float = 20) -> None:
        """Wait until the provider has been asked for a job so many times."""
        await asyncio.to_thread(self.provider.wait_for, case.name, calls=calls, timeout=seconds)

    async def event(self, case: Case, *names: str, count: int = 1, seconds: float = 30) -> Event:
        """Return the ``count``-th event of these names about a job, once it came."""
        return await self.journal.event(case.queue, case.job, *names, count=count, seconds=seconds)

    async def ended(self, *cases: Case, seconds: float = 60) -> None:
        """Wait until jobs (all of the stage unless some are named) are completed or failed for good."""
        waited = cases or tuple(self.cases)

        def all_ended() -> bool:
            return all(self.journal.of(case.queue, case.job, "completed", "failed") for case in waited)

        await self.journal.until(all_ended, seconds, f"end of {len(waited)} jobs")

    async def record(self, case: Case) -> dict[str, str]:
        return await self.bull.queue(case.queue).record(case.job)

    async def holder(self, process: Process) -> str:
        """Return the id under which a process holds its lease."""
        found: list[str] = []

        async def look() -> bool:
            holders = await self.client.hgetall("aiplane:bull:holders")
            found[:] = [each for each, text in holders.items() if json.loads(text)["pid"] == process.pid]
            return bool(found)

        await eventually(look, 10, f"lease of {process.name}")
        return found[0]

    async def owner(self, case: Case) -> str | None:
        """Return the bridge that a job's lock names."""
        token = await self.client.get(self.bull.queue(case.queue).lock_key(case.job))
        return token.split(":")[1] if token else None

    async def adopted(self, case: Case, *, since: str, seconds: float = 10) -> None:
        """Wait until another bridge than ``since`` holds a job."""

        async def look() -> bool:
            return await self.owner(case) not in (None, since)

        await eventually(look, seconds, f"adoption of job {case.job}")

    async def claimed(self, case: Case, seconds: float = 20) -> None:
        """Wait until a worker has claimed the job's run."""

        async def look() -> bool:
            keys = await self.client.keys(f"aiplane:bull:run:{case.queue}|{case.job}|*")
            return any([await self.client.hexists(key, "claim") for key in keys])

        await eventually(look, seconds, f"claim of job {case.job}")


async def eventually(look: Callable[[], Any], seconds: float, what: str | Callable[[], str]) -> None:
    """Ask until the answer is yes: for what Redis announces to nobody. An outage is a no."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            if await look():
                return
        except (RedisError, OSError):
            pass
        if asyncio.get_running_loop().time() > end:
            raise AssertionError(f"no {what() if callable(what) else what} within {seconds} s")
        await asyncio.sleep(0.02)


def script_names() -> dict[str, str]:
    """Return the names of all scripts that the plane calls, by the SHA1 under which it calls them."""
    redis = connect("redis://127.0.0.1:1")
    bull = Bull(redis)
    scripts = {script.sha: name for name, script in bull.connection.commands.items()}
    own = {
        "open": runs.OPEN, "claim": claims.CLAIM, "finish": claims.HOLD, "adopt": adopt.ADOPT,
        "scan": adopt.SCAN, "renew": leases.RENEW, "extendLocks": loadScript("extendLocks-1.lua"),
        "settle": settling_steps(bull).text, "take": taking_steps(bull).text, "notes": WRITE_NOTES,
    }  # fmt: skip
    return scripts | {hashlib.sha1(text.encode()).hexdigest(): name for name, text in own.items()}
