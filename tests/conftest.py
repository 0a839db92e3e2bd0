"""Fixtures and rules for the whole suite: no paid call, nothing skipped in CI without being listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tests.support import processes
from tests.support.environment import isolate
from tests.support.missing import IN_CI
from tests.support.processes import Plane
from tests.support.provider import FakeProvider
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

SKIPS_ALLOWED_IN_CI: frozenset[str] = frozenset()
"""Node ids of the tests that may be skipped where ``CI=true``, each with its reason beside it."""

isolate()
# A machine that is busy is no fault of what is tested.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--served-by",
        choices=("plane", "reference"),
        default="plane",
        help="who serves the queues in tests/interop: this project, or BullMQ's own worker in Node",
    )


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """A private Redis, which the tests of one module share."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    """The server that stands in for the paid one, which the tests of one module share."""
    with FakeProvider() as server:
        yield server


@pytest.fixture(scope="module")
def plane(redis_server: RedisServer, provider: FakeProvider) -> Iterator[Plane]:
    """The bridge and the four pools as processes, which the tests of one module share."""
    with Plane(redis_server.url, provider.base_url) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, pytest.TestReport]:
    report: pytest.TestReport = yield
    _refuse_skip(report)
    if report.failed:
        report.sections += [(f"log of {process.name}", process.tail()) for process in processes.RUNNING]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, pytest.CollectReport]:
    report: pytest.CollectReport = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip in CI into a failure, unless the test is listed; an expected failure is no skip."""
    skipped = report.skipped and not hasattr(report, "wasxfail")
    if IN_CI and skipped and report.nodeid not in SKIPS_ALLOWED_IN_CI:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where every test must run: {report.longrepr}"
