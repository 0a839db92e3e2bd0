"""The fake provider keeps what tests rely on: every call is on record, and nothing holds it up."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.support.provider import FakeProvider

if TYPE_CHECKING:
    from pathlib import Path


def ask(base_url: str, text: str, *, timeout: float = 10) -> tuple[int, bytes]:
    """Ask for a chat completion with nothing but the standard library."""
    address = urlsplit(base_url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=timeout)
    body = json.dumps({"model": "any", "messages": [{"role": "user", "content": text}]})
    try:
        connection.request("POST", f"{address.path}/chat/completions", body)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_fifty_hanging_calls_hold_up_neither_another_nor_the_end() -> None:
    def hang(base_url: str) -> bool:
        try:
            ask(base_url, "[[case: stuck]] [[provider: hang]]", timeout=30)
        except (ConnectionError, http.client.HTTPException):
            return True
        return False

    with ThreadPoolExecutor(50) as threads:
        with FakeProvider() as provider:
            hanging = [threads.submit(hang, provider.base_url) for _ in range(50)]
            provider.wait_for("stuck", calls=50)
            assert ask(provider.base_url, "hello")[0] == 200
            assert provider.open_connections >= 50
            stopping = time.monotonic()
        assert time.monotonic() - stopping < 1
        assert all(call.result(timeout=1) for call in hanging)


def test_only_the_first_calls_of_a_case_are_spoiled(provider: FakeProvider) -> None:
    text = "[[case: twice]] [[provider: times=2 status=503]]"

    assert [ask(provider.base_url, text)[0] for _ in range(3)] == [503, 503, 200]
    assert [call.number for call in provider.calls("twice")] == [1, 2, 3]


def test_a_process_leaves_its_ledger_behind_when_it_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "calls.jsonl"
    command = [sys.executable, "-m", "tests.support.provider", "--port", "0", "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    assert process.stdout
    with process, process.stdout:
        base_url = process.stdout.readline().split()[-1]
        assert ask(base_url, "[[case: one]]")[0] == 200
        with ThreadPoolExecutor(1) as threads:
            threads.submit(ask, base_url, "[[case: two]] [[provider: hang]]")
            while len(lines := log.read_text().splitlines()) < 3:
                time.sleep(0.01)
            process.kill()

    events = [json.loads(line) for line in lines]
    assert [(event["event"], event["case"]) for event in events] == [
        ("started", "one"),
        ("answered", "one"),
        ("started", "two"),
    ]
    assert events[0]["monotonic"] <= events[1]["monotonic"]


def test_a_process_ends_by_a_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.provider", "--log", str(tmp_path / "log")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    with process, process.stdout:
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=5) == 0
