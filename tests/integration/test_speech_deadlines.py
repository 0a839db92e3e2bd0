"""How long a call of speech over HTTP may take: no server holds its caller past the deadline."""

from __future__ import annotations

import select
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from aiplane.audio import Recording, read_recording
from aiplane.audio.containers import CONTAINERS
from aiplane.context import deadline
from aiplane.errors import TranscriptionFailedError
from aiplane.providers.llm import openai_client
from aiplane.providers.speech import SpeechFailedError, azure, create_speech_to_text, create_text_to_speech
from aiplane.settings import Settings
from tests.support.audio import KINDS, recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.provider import FakeProvider

    Ask = Callable[[], object]

LATE = r"did not answer within 0\.\d+ s"


@dataclass
class Voice:
    """Speech out."""

    service: Any
    failure: type[Exception] = SpeechFailedError

    def asking(self, case: str, behaviour: str = "") -> Ask:
        return self._asking(f"[[case: {case}]] [[provider: {behaviour}]]")

    def asking_much(self) -> Ask:
        return self._asking("x" * 20_000_000)

    def _asking(self, text: str) -> Ask:
        return lambda: self.service.synthesize(text, language=None)


@dataclass
class Ear:
    """Speech in."""

    service: Any
    failure: type[Exception] = TranscriptionFailedError

    def asking(self, case: str, behaviour: str = "") -> Ask:
        audio = recording("webm", 0.5, comment=f"[[case: {case}]] [[provider: {behaviour}]]")
        return self._asking(read_recording(audio, KINDS["webm"].mime_type))

    def asking_much(self) -> Ask:
        return self._asking(Recording(b"x" * 20_000_000, CONTAINERS["wav"], 600_000, silent=False))

    def _asking(self, said: Recording) -> Ask:
        return lambda: self.service.transcribe(said, language="en-US")


@pytest.fixture(params=["openai", "azure"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[Voice, Ear])
def connect(request: pytest.FixtureRequest, name: str) -> Iterator[Callable[[str], Voice | Ear]]:
    """Make one of the four adapters for a server; it is closed when the test is over."""
    with ExitStack() as made:

        def make(url: str) -> Voice | Ear:
            settings = Settings(
                tts_provider=name,  # type: ignore[arg-type]  # a parameter of the test
                stt_provider=name,  # type: ignore[arg-type]
                openai_base_url=f"{url}/v1",
                azure_speech_endpoint=url,
                azure_speech_key="k",
            )
            create = create_text_to_speech if request.param is Voice else create_speech_to_text
            adapter: Voice | Ear = request.param(create(settings))
            made.callback(adapter.service.close)
            return adapter

        yield make


@pytest.fixture
def adapter(connect: Callable[[str], Voice | Ear], provider: FakeProvider) -> Voice | Ear:
    return connect(provider.base_url.removesuffix("/v1"))


@pytest.fixture
def case(request: pytest.FixtureRequest) -> str:
    """The name under which the provider counts this test's calls."""
    return "".join(each if each.isalnum() else "-" for each in request.node.name).strip("-")


@pytest.mark.parametrize("behaviour", ["hang", "drip=0.05", "drip-headers=0.05"])
def test_a_call_that_is_too_late_closes_its_connection_and_harms_no_other(
    provider: FakeProvider, adapter: Voice | Ear, case: str, behaviour: str
) -> None:
    ask = adapter.asking(case, behaviour)
    with deadline.within(0.5), pytest.raises(adapter.failure, match=LATE):
        ask()

    [abandoned] = provider.wait_for(case, outcome="abandoned", timeout=5)
    adapter.asking(f"{case}-next")()
    [following] = provider.calls(f"{case}-next")
    assert following.connection != abandoned.connection


@pytest.mark.parametrize("behaviour", ["hang", "drip=0.05", "drip-headers=0.05"])
def test_outside_a_job_a_call_has_a_time_of_its_own(
    provider: FakeProvider, adapter: Voice | Ear, case: str, behaviour: str
) -> None:
    adapter.service._connection._timeout = 0.5
    with pytest.raises(adapter.failure, match=r"within 0\.5 s"):
        adapter.asking(case, behaviour)()

    provider.wait_for(case, outcome="abandoned", timeout=5)


def test_past_the_deadline_nothing_is_sent(provider: FakeProvider, adapter: Voice | Ear, case: str) -> None:
    adapter.asking(f"{case}-before")()
    ask = adapter.asking(case)
    with deadline.within(0), pytest.raises(adapter.failure, match="no time left"):
        ask()
    adapter.asking(f"{case}-after")()

    assert provider.calls(case) == []


@contextmanager
def mute() -> Iterator[int]:
    """A port where connections are taken, and nobody reads or answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def full() -> Iterator[int]:
    """A port where nobody takes a connection, and no more of them can wait for it."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as waiting:
        others = [waiting.enter_context(socket.socket()) for _ in range(4)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(server.getsockname())
        _, connected, _ = select.select([], others, [], 0)
        assert len(connected) < len(others)
        yield server.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("server", [mute, full])
def test_a_server_that_takes_nothing_keeps_nobody(
    connect: Callable[[str], Voice | Ear], server: Callable[[], Any], scheme: str
) -> None:
    with server() as port:
        adapter = connect(f"{scheme}://127.0.0.1:{port}")
        ask = adapter.asking_much()
        with deadline.within(0.5), pytest.raises(adapter.failure, match=LATE):
            ask()


def test_threads_are_served_at_once_by_one_client(
    provider: FakeProvider,
    adapter: Voice | Ear,
    name: str,
    case: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module: Any = openai_client if name == "openai" else azure
    opened, real, together = [], module.open_http, threading.Barrier(2)

    def slowly(**how: Any) -> object:
        opened.append(how)
        with suppress(threading.BrokenBarrierError):  # a second thread comes here if nothing keeps it out
            together.wait(0.2)
        return real(**how)

    monkeypatch.setattr(module, "open_http", slowly)
    with ThreadPoolExecutor(5) as threads:
        calls = [threads.submit(adapter.asking(case, "hold")) for _ in range(5)]
        provider.wait_for(case, calls=5)
        provider.release(case)
        assert all(call.result() for call in calls)

    assert len(opened) == 1


def test_after_closing_a_later_call_opens_anew(
    provider: FakeProvider, adapter: Voice | Ear, case: str
) -> None:
    ask = adapter.asking(case)
    ask()
    adapter.service.close()
    adapter.service.close()
    ask()

    assert len({call.connection for call in provider.calls(case)}) == 2
