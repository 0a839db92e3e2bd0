"""``aiplane health`` and ``/healthz``, as probes ask: of who serves, is frozen, killed, or without Redis."""

from __future__ import annotations

import http.client
import re
import socket
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support.processes import Plane, Process, await_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer


@pytest.fixture(scope="module")
def plane(redis_server: RedisServer, provider: FakeProvider) -> Iterator[Plane]:
    """A bridge and one pool."""
    env = {"METRICS_PORT": "9600"}
    with Plane(redis_server.url, provider.base_url, kinds=["hint"], env=env) as running:
        yield running


def probe(plane: Plane, *arguments: str) -> tuple[int, str]:
    """Run a probe, and return its exit status and its one line."""
    with Process("health", ["aiplane", "health", *arguments], env=plane.env) as process:
        status = process.wait()
        [line] = process.lines
        return status, line


def await_probe(plane: Plane, role: str, status: int) -> str:
    """Probe until the exit status is the one that is expected, and return the line."""
    end = time.monotonic() + 30
    while True:
        found, line = probe(plane, role)
        if found == status:
            return line
        assert time.monotonic() < end, line


def port_of(process: Process) -> int:
    """Return the port that a process of the plane has taken."""
    return int(process.wait_for_log(r"metrics can be scraped on port (\d+)")[1])


def healthz(process: Process) -> tuple[int, str]:
    """Ask a process itself, and return the status and what it says."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(process), timeout=10)
    with closing(connection):
        connection.request("GET", "/healthz")
        reply = connection.getresponse()
        return reply.status, reply.read().decode().strip()


def await_healthz(process: Process, status: int) -> str:
    """Ask until the status is the one that is expected, and return what is said."""
    end = time.monotonic() + 30
    while True:
        found, sentence = healthz(process)
        if found == status:
            return sentence
        assert time.monotonic() < end, (found, sentence)
        time.sleep(0.05)


def test_each_process_says_itself_that_it_serves(plane: Plane) -> None:
    for process in (plane.bridge, plane.pools["hint"]):
        assert await_healthz(process, 200) == "it serves."


def test_each_process_says_itself_that_redis_is_away(plane: Plane, redis_server: RedisServer) -> None:
    processes = plane.bridge, plane.pools["hint"]
    redis_server.stop()
    try:
        for process in processes:
            assert re.search(r"the lease of \S+ was renewed \d", await_healthz(process, 503))
    finally:
        redis_server.cont()
    for process in processes:
        await_healthz(process, 200)


def test_a_pool_that_offers_no_slots_says_so_to_both_probes(plane: Plane) -> None:
    control = ["celery", "-A", "aiplane", "control", "-d", f"hint@{socket.gethostname()}"]
    for change, status in ((("pool_shrink", "5"), 503), (("pool_grow", "5"), 200)):
        with Process("control", [*control, *change], env=plane.env) as process:
            assert process.wait() == 0
        await_healthz(plane.pools["hint"], status)
        await_probe(plane, "hint", 0 if status == 200 else 1)


def test_two_thousand_idle_connections_cost_a_process_a_few_files(plane: Plane) -> None:
    for process in (plane.bridge, plane.pools["hint"]):
        files = psutil.Process(process.pid)
        before = files.num_fds()
        with ExitStack() as idle:
            for _ in range(2_000):
                idle.enter_context(socket.create_connection(("127.0.0.1", port_of(process)), timeout=10))
            assert healthz(process)[0] == 200
            assert files.num_fds() - before < 40


def test_the_port_is_open_to_this_machine_alone(plane: Plane) -> None:
    for process in (plane.bridge, plane.pools["hint"]):
        heard = [
            each.laddr.ip
            for each in psutil.Process(process.pid).net_connections("tcp")
            if each.status == psutil.CONN_LISTEN
        ]
        assert heard == ["127.0.0.1"]


def test_what_serves_is_well(plane: Plane) -> None:
    assert "serves: lease renewed" in await_probe(plane, "bridge", 0)
    assert "serves: 5 slots, lease renewed" in await_probe(plane, "hint", 0)


def test_what_is_not_there_is_ill(plane: Plane) -> None:
    status, line = probe(plane, "review")
    assert (status, line) == (1, "review: no process of that role is known on this host.")
    status, line = probe(plane, "hint", "--node", "hint@elsewhere")
    assert (status, line) == (1, "hint: no process of that role is known as hint@elsewhere.")


def test_a_frozen_bridge_is_ill_until_it_goes_on(plane: Plane) -> None:
    plane.bridge.stop()
    try:
        assert "was renewed" in await_probe(plane, "bridge", 1)
        assert probe(plane, "hint")[0] == 0
    finally:
        plane.bridge.cont()
    await_probe(plane, "bridge", 0)


def test_a_frozen_redis_is_told_in_time(plane: Plane, redis_server: RedisServer) -> None:
    redis_server.stop()
    try:
        for role in ("bridge", "hint"):
            status, line = probe(plane, role, "--timeout", "0.5")
            assert (status, line) == (1, f"{role}: Redis does not answer.")
    finally:
        redis_server.cont()
    await_probe(plane, "bridge", 0)
    await_probe(plane, "hint", 0)


def test_a_killed_pool_is_ill_and_its_successor_well(plane: Plane) -> None:
    plane.pools["hint"].kill()
    assert "was renewed" in await_probe(plane, "hint", 1)
    successor = plane.start("hint")
    await_ready(successor)
    await_probe(plane, "hint", 0)
    successor.terminate()
    assert successor.wait() == 0
    # The former life's lease is all that is left.
    assert "was renewed" in await_probe(plane, "hint", 1)


def test_a_redis_that_is_not_there_is_told(plane: Plane) -> None:
    with Process(
        "health", ["aiplane", "health", "bridge"], env=plane.env | {"REDIS_URL": "redis://127.0.0.1:1"}
    ) as process:
        assert process.wait() == 1
        assert process.lines == ["bridge: Redis does not answer (ConnectionError)."]
