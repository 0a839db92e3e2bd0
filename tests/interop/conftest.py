"""One Redis, one provider and one plane for all interop tests, and a control plane of each major of BullMQ.

``pytest tests/interop --served-by=reference`` runs the same tests against BullMQ's own worker in Node: what
fails there is a wrong test, or a promise that goes beyond BullMQ's (and is marked so).
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.interop.payloads import HINT, KINDS
from tests.support.control_plane import ControlPlane, NodeQueue
from tests.support.node import INTEROP, ensure_node_modules
from tests.support.processes import Plane, Process
from tests.support.provider import FakeProvider
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def redis_server() -> Iterator[RedisServer]:
    """A private Redis, which all interop tests share."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="package")
def provider() -> Iterator[FakeProvider]:
    """The provider that all interop tests share."""
    with FakeProvider() as server:
        yield server


@pytest.fixture(scope="package")
def plane(redis_server: RedisServer, provider: FakeProvider) -> Iterator[Plane]:
    """The bridge and the four pools, which all interop tests share."""
    with Plane(redis_server.url, provider.base_url) as running:
        yield running


@pytest.fixture(scope="package")
def asked_twice() -> set[str]:
    """The jobs that a test ran a second time on purpose, after their first result."""
    return set()


@pytest.fixture(scope="package", params=["5", "6"], ids=["bullmq5", "bullmq6"])
def control(
    request: pytest.FixtureRequest, redis_server: RedisServer, asked_twice: set[str]
) -> Iterator[ControlPlane]:
    """A control plane that consumes the results of every kind; at its end, no job had two answers."""
    with ControlPlane(request.param, redis_server.url) as node:
        inboxes = [node.queue(kind.queue).results.consume() for kind in KINDS.values()]
        yield node
        answers = Counter((inbox.name, job["data"]["jobId"]) for inbox in inboxes for job in inbox.find(bool))
        twice = [answer for answer, count in answers.items() if count > 1 and answer[1] not in asked_twice]
        assert twice == []


@pytest.fixture(scope="package")
def reference(control: ControlPlane, provider: FakeProvider) -> Iterator[str]:
    """BullMQ's own worker on the four queues, under the key prefix that this fixture names."""
    with start_reference(control, provider, prefix="reference"):
        yield "reference"


@pytest.fixture(scope="package")
def serving(
    request: pytest.FixtureRequest, control: ControlPlane, provider: FakeProvider
) -> Iterator[list[Process]]:
    """The processes that serve the queues under the prefix ``bull``."""
    if request.config.getoption("--served-by") == "reference":
        with start_reference(control, provider, prefix="bull") as process:
            yield [process]
    else:
        yield request.getfixturevalue("plane").processes


@pytest.fixture(autouse=True)
def served(serving: list[Process]) -> None:
    """Whoever serves the queues is there: without it every test would wait for nothing."""
    for process in serving:
        assert process.alive, f"{process.name} has ended:\n{process.tail()}"


@pytest.fixture
def beyond_bullmq(request: pytest.FixtureRequest) -> None:
    """The test asks for more than BullMQ's own worker does."""
    if request.config.getoption("--served-by") == "reference":
        pytest.skip("BullMQ's own worker does not promise this")


@pytest.fixture
def hints(control: ControlPlane) -> NodeQueue:
    """The queue of hints, served and seen from Node."""
    return control.queue(HINT.queue)


def start_reference(control: ControlPlane, provider: FakeProvider, *, prefix: str) -> Process:
    """Start the reference worker with the same BullMQ as the control plane, and await that it serves."""
    at = urlsplit(control.redis_url)
    where = [str(at.hostname), str(at.port), prefix, provider.base_url]
    command = [ensure_node_modules(), "reference_worker.mjs", control.version, *where]
    process = Process("reference", command, env=os.environ, cwd=INTEROP)
    process.wait_for_log("reference is ready")
    return process
