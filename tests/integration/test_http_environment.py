"""Proxies and certificates of the environment: obeyed by all who ask over HTTP, and told where wrong."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from aiplane.audio import read_recording
from aiplane.errors import JobError, LLMTimeoutError, LLMUnavailableError, TranscriptionFailedError
from aiplane.providers import Providers
from aiplane.providers.http.environment import environment_error
from aiplane.providers.llm import Message, Prompt
from aiplane.providers.speech import SpeechFailedError
from aiplane.settings import Settings, SettingsError
from tests.support.audio import recording
from tests.support.socks import SocksProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.provider import FakeProvider

SECRET = "s3cret"


class Answer(BaseModel):
    hint: str


def settings(base_url: str) -> Settings:
    return Settings.load(
        {
            "OPENAI_BASE_URL": base_url,
            "OPENAI_API_KEY": "k",
            "LLM_TIMEOUT_SECONDS": "5",
            "STT_PROVIDER": "openai",
            "TTS_PROVIDER": "azure",
            "AZURE_SPEECH_KEY": "k",
            "AZURE_SPEECH_ENDPOINT": base_url.removesuffix("/v1"),
            "S3_ENDPOINT": "http://127.0.0.1:1",
            "S3_ACCESS_KEY": "a",
            "S3_SECRET_KEY": "b",
            "S3_BUCKET": "audio",
        }
    )


@pytest.fixture
def providers(provider: FakeProvider) -> Iterator[Providers]:
    made = Providers(settings(provider.base_url))
    yield made
    made.close()


def ask(providers: Providers) -> object:
    return providers.llm.complete(Prompt("hint", (Message("user", "Well?"),), Answer, None))


def listen(providers: Providers) -> object:
    assert providers.speech_to_text
    return providers.speech_to_text.transcribe(
        read_recording(recording("wav", 0.5), "audio/wav"), language="en"
    )


def speak(providers: Providers) -> object:
    assert providers.text_to_speech
    return providers.text_to_speech.synthesize("Hello.", language=None)


USERS: dict[str, tuple[Callable[[Providers], object], type[JobError | SpeechFailedError]]] = {
    "the model": (ask, LLMUnavailableError),
    "OpenAI's transcription": (listen, TranscriptionFailedError),
    "Azure's voice": (speak, SpeechFailedError),
}
WRONG = [
    ("ALL_PROXY", f"socks4://{SECRET}.example:1080"),
    ("all_proxy", f"socks://{SECRET}.example:1080"),
    ("HTTPS_PROXY", f"http://[::1]:{SECRET}"),
    ("HTTP_PROXY", f"http://proxy:{SECRET}"),
    ("http_proxy", f"ftp://{SECRET}"),
    ("SSL_CERT_FILE", f"/nowhere/{SECRET}.pem"),
    ("SSL_CERT_FILE", "/"),
    ("SSL_CERT_FILE", __file__),
]


@pytest.mark.parametrize(("variable", "value"), WRONG)
@pytest.mark.parametrize("user", USERS)
def test_inside_a_job_a_wrong_variable_is_an_outage_that_names_it(
    providers: Providers, monkeypatch: pytest.MonkeyPatch, user: str, variable: str, value: str
) -> None:
    use, becomes = USERS[user]
    monkeypatch.setenv(variable, value)
    with pytest.raises(becomes) as raised:
        use(providers)

    assert f"{variable} cannot be used" in raised.value.sentence
    assert SECRET not in raised.value.sentence
    monkeypatch.delenv(variable)
    assert use(providers), "the next job finds the variable mended"


@pytest.mark.parametrize(("variable", "value"), WRONG)
@pytest.mark.parametrize("kind", ["hint", "review", "interview", "transcribe"])
def test_a_pool_does_not_start_with_a_wrong_variable(
    providers: Providers, monkeypatch: pytest.MonkeyPatch, kind: Any, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as raised:
        providers.prepare(kind)

    [fault] = raised.value.faults
    assert f"{variable} cannot be used" in fault
    assert SECRET not in fault


def test_two_wrong_variables_are_told_at_once(providers: Providers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks4://h:1")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    with pytest.raises(SettingsError, match=r"ALL_PROXY cannot.*SSL_CERT_FILE cannot"):
        providers.prepare("hint")


@pytest.mark.parametrize("variable", ["SSLKEYLOGFILE", "NO_PROXY", "SSL_CERT_DIR"])
def test_of_a_client_that_does_not_open_a_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    # In a process that has opened clients before, certificates and keys are not read again.
    monkeypatch.setenv(variable, f"/nowhere/{SECRET}")

    sentence = environment_error().sentence

    assert f"{variable} cannot be used" in sentence
    assert SECRET not in sentence


def test_who_asks_nobody_over_http_starts_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks4://h:1")
    made = Providers(Settings.load({}))
    for kind in ("hint", "review", "interview", "transcribe"):
        made.prepare(kind)


@pytest.mark.parametrize("user", USERS)
def test_a_socks_proxy_is_the_way_out(
    providers: Providers, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    use, _ = USERS[user]
    with SocksProxy() as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)

        assert use(providers)
        assert proxy.passed == 1
        providers.close()


@pytest.mark.parametrize("manner", ["refuses", "babbles"])
@pytest.mark.parametrize("user", USERS)
def test_a_proxy_that_lets_nothing_through_is_an_outage(
    providers: Providers, monkeypatch: pytest.MonkeyPatch, user: str, manner: Any
) -> None:
    use, becomes = USERS[user]
    with SocksProxy(manner) as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        with pytest.raises(becomes, match="proxy"):
            use(providers)


def test_a_proxy_that_does_not_answer_costs_no_more_than_the_timeout(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SocksProxy("hangs") as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        slow = Providers(settings(provider.base_url).model_copy(update={"llm_timeout_seconds": 1.0}))
        started = time.monotonic()
        with pytest.raises(LLMTimeoutError):
            ask(slow)

        assert time.monotonic() - started < 2
        slow.close()


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:99999", "http://" + "x" * 70 + ".example"])
@pytest.mark.parametrize("user", USERS)
def test_a_proxy_that_can_be_nowhere_is_an_outage(
    providers: Providers, monkeypatch: pytest.MonkeyPatch, user: str, proxy: str
) -> None:
    use, becomes = USERS[user]
    monkeypatch.setenv("HTTP_PROXY", proxy)
    with pytest.raises(becomes):
        use(providers)
