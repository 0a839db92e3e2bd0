"""A provider that says when to come back is not asked sooner: what it says is a job's delay in BullMQ.

Real processes, and a server that is busy as each job asks.
"""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.support.jobs import Queue
from tests.support.processes import Plane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.redis_server import RedisServer


class Busy(BaseHTTPRequestHandler):
    """Answers with the status and the Retry-After that stand in the code under review."""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"])).decode()
        found = re.search(r"status=(\d+) seconds=([\d.-]+)( date)?", asked)
        assert found
        status, seconds, is_date = int(found[1]), float(found[2]), bool(found[3])
        until = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        self.send_response(status)
        self.send_header("Retry-After", until if is_date else found[2])
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def busy_provider() -> Iterator[str]:
    """Serve within the block, and say where."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()


@pytest.fixture(scope="module")
def plane(redis_server: RedisServer) -> Iterator[Plane]:
    """A bridge and one pool, whose model is busy."""
    with busy_provider() as url, Plane(redis_server.url, url, kinds=["hint"]) as running:
        yield running


async def delay_of(plane: Plane, says: str, backoff: int) -> int:
    """Have a job refused so once, and return for how many milliseconds it then waits."""
    payload = {
        "problemDescription": "Add.",
        "currentCode": f"# {says}\n",
        "language": "python",
        "hintLevel": "gentle",
    }
    async with Queue(plane.env["REDIS_URL"], "ai.generate-hint") as queue:
        job = await queue.add(payload, attempts=3, backoff=backoff)
        await queue.event(job, "delayed")
        record = await queue.record(job)
        assert await queue.state(job) == "delayed"
        return int(record["delay"])


@pytest.mark.parametrize(
    ("says", "backoff", "delay"),
    [
        ("status=429 seconds=7", 0, 7_000),
        ("status=503 seconds=7", 40, 7_000),
        ("status=429 seconds=7", 9_000, 9_000),
        ("status=503 seconds=3600", 0, 120_000),
        ("status=429 seconds=3600", 180_000, 180_000),
        ("status=429 seconds=0", 40, 40),
        ("status=429 seconds=-5", 40, 40),
    ],
)
async def test_a_retry_is_due_when_the_provider_allows_it(
    plane: Plane, says: str, backoff: int, delay: int
) -> None:
    assert await delay_of(plane, says, backoff) == delay


@pytest.mark.parametrize(
    ("says", "least", "most"),
    [
        ("status=429 seconds=20 date", 17_000, 20_000),
        ("status=503 seconds=600 date", 120_000, 120_000),
        ("status=503 seconds=-60 date", 40, 40),
    ],
)
async def test_it_may_say_so_as_a_date(plane: Plane, says: str, least: int, most: int) -> None:
    assert least <= await delay_of(plane, says, 40) <= most
