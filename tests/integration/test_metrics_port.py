"""The metrics port over real connections: what it answers, and what too many or too slow ones cost."""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import psutil
import pytest

from aiplane.settings import Settings
from aiplane.telemetry.metrics_port import CONNECTIONS, IDLE_SECONDS, SCRAPES, MetricsPort
from aiplane.telemetry.setup import start_telemetry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment


@pytest.fixture
def port() -> Iterator[MetricsPort]:
    opened = MetricsPort("127.0.0.1", free_port())
    opened.metrics = metrics
    opened.complaint = lambda: ""
    opened.start()
    yield opened
    opened.close()


def metrics(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ai_jobs 1\n"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return min(int(probe.getsockname()[1]), 65_000)


def get(port: MetricsPort, path: str, method: str = "GET") -> tuple[int, str]:
    """Ask once, and return the status and the text."""
    connection = http.client.HTTPConnection("127.0.0.1", port.port, timeout=10)
    try:
        connection.request(method, path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def test_two_paths_are_there_and_no_others(port: MetricsPort) -> None:
    assert get(port, "/metrics") == (200, "ai_jobs 1\n")
    assert get(port, "/healthz") == (200, "it serves.\n")
    for path in ("/", "/metrics/", "/healthz/x", "/favicon.ico", "/%2e%2e/etc/passwd", "/metrics%00"):
        assert get(port, path) == (404, "there is /metrics and /healthz.\n"), path


def test_a_probe_is_told_why_a_process_does_not_serve(port: MetricsPort) -> None:
    port.complaint = lambda: "hint@vm offers no slots: it is stopping."
    assert get(port, "/healthz") == (503, "hint@vm offers no slots: it is stopping.\n")
    assert get(port, "/metrics")[0] == 200


def test_before_anybody_says_that_it_serves_it_does_not() -> None:
    opened = MetricsPort("127.0.0.1", free_port())
    opened.start()
    assert get(opened, "/healthz") == (503, "the process is starting.\n")
    assert get(opened, "/metrics") == (404, "there is /healthz.\n")
    opened.close()


@pytest.mark.parametrize("begins_with", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"])
def test_idle_connections_use_up_nothing_and_hold_up_nobody(port: MetricsPort, begins_with: bytes) -> None:
    files = psutil.Process().num_fds()
    with ExitStack() as idle:
        for _ in range(400):
            each = idle.enter_context(socket.create_connection(("127.0.0.1", port.port)))
            each.sendall(begins_with)
        assert get(port, "/healthz")[0] == 200
        ours = 400
        assert psutil.Process().num_fds() - files <= ours + CONNECTIONS
        threads = [each for each in threading.enumerate() if "process_request_thread" in each.name]
        assert len(threads) <= CONNECTIONS


def test_a_connection_that_says_nothing_is_closed(port: MetricsPort) -> None:
    with socket.create_connection(("127.0.0.1", port.port), timeout=3 * IDLE_SECONDS) as silent:
        assert silent.recv(1) == b""


def test_where_all_connections_are_at_work_the_next_is_refused(port: MetricsPort) -> None:
    begun, goes_on = threading.Semaphore(0), threading.Event()

    def hangs() -> str:
        begun.release()
        goes_on.wait(20)
        return ""

    port.complaint = hangs
    probes = [threading.Thread(target=get, args=(port, "/healthz")) for _ in range(CONNECTIONS)]
    for probe in probes:
        probe.start()
        assert begun.acquire(timeout=10)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        get(port, "/healthz")
    goes_on.set()
    for probe in probes:
        probe.join()
    assert get(port, "/healthz")[0] == 200


def test_scrapes_that_hang_leave_room_for_a_probe(port: MetricsPort) -> None:
    begun, goes_on = threading.Semaphore(0), threading.Event()

    def hangs(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        begun.release()
        goes_on.wait(20)
        return metrics(environ, start_response)

    port.metrics = hangs
    scrapes = [threading.Thread(target=get, args=(port, "/metrics")) for _ in range(SCRAPES)]
    for scrape in scrapes:
        scrape.start()
        assert begun.acquire(timeout=10)
    assert get(port, "/metrics") == (503, "too many scrapes are under way.\n")
    assert get(port, "/healthz")[0] == 200
    goes_on.set()
    for scrape in scrapes:
        scrape.join()
    assert get(port, "/metrics")[0] == 200


def test_it_listens_where_it_is_told_to() -> None:
    addresses = {"127.0.0.1": {"127.0.0.1"}, "0.0.0.0": {"0.0.0.0"}, "::1": {"::1"}}
    for host, heard in addresses.items():
        opened = MetricsPort(host, free_port())
        found = {
            each.laddr.ip
            for each in psutil.Process().net_connections("tcp")
            if each.status == psutil.CONN_LISTEN and each.laddr.port == opened.port
        }
        opened._server.server_close()
        assert found == heard


def test_a_probe_is_answered_though_opentelemetry_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.load({"METRICS_PORT": str(free_port()), "OTEL_SDK_DISABLED": "true"})
    telemetry = start_telemetry(settings, node="test")
    port = telemetry._port
    assert port is not None
    telemetry.tell_health(lambda: "")
    assert get(port, "/healthz")[0] == 200
    assert get(port, "/metrics")[0] == 404
    assert not telemetry.measures
    port.close()


def test_a_port_that_cannot_be_had_is_a_warning_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    telemetry = start_telemetry(
        Settings.load({"METRICS_HOST": "192.0.2.1", "METRICS_PORT": "9464", "OTEL_SDK_DISABLED": "yes"}),
        node="test",
    )
    assert "METRICS_HOST and METRICS_PORT cannot be listened at" in caplog.text
    telemetry.tell_health(lambda: "")
