"""The OpenAI adapter against a real server: what it sends, and what becomes of every fault."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import pytest
from pydantic import BaseModel, Field

from aiplane.context import deadline
from aiplane.errors import (
    LLMAuthError,
    LLMError,
    LLMInvalidResponseError,
    LLMRateLimitedError,
    LLMRequestRejectedError,
    LLMTimeoutError,
    LLMUnavailableError,
)
from aiplane.providers.llm import Completion, Message, Prompt
from aiplane.providers.llm.openai import OpenAILLM, create_azure, create_openai
from aiplane.providers.llm.parsing import read_answer
from aiplane.providers.llm.schema import strict_schema
from aiplane.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.provider import FakeProvider

    Connect = Callable[..., OpenAILLM]

KEY = "sk-key-that-nobody-may-see"
TEXT = "text-that-nobody-may-see"
TIMEOUT = 1.0


class Answer(BaseModel):
    hint: str
    level: Literal["gentle", "direct"]
    concepts: list[str] = Field(default_factory=list, max_length=5)
    approach: str | None = None


@pytest.fixture
def connect(provider: FakeProvider) -> Iterator[Connect]:
    """Make models that are closed when the test is over."""
    made: list[OpenAILLM] = []

    def make(**env: str) -> OpenAILLM:
        here = {"OPENAI_BASE_URL": provider.base_url, "OPENAI_API_KEY": KEY, "LLM_PROVIDER": "openai"}
        made.append(create_openai(Settings.load({**here, **env})))
        return made[-1]

    yield make
    for llm in made:
        llm.close()


@pytest.fixture
def llm(connect: Connect) -> OpenAILLM:
    return connect()


@pytest.fixture
def hasty(connect: Connect) -> OpenAILLM:
    """A model that is given no more than ``TIMEOUT`` seconds."""
    return connect(LLM_TIMEOUT_SECONDS=str(TIMEOUT))


@pytest.fixture
def case(request: pytest.FixtureRequest) -> str:
    """The name under which the provider counts this test's calls."""
    return re.sub(r"\W+", "-", request.node.name).strip("-")


def prompt(case: str, behaviour: str = "", *, kind: Any = "hint") -> Prompt:
    said = f"[[case: {case}]] [[provider: {behaviour}]] {TEXT}"
    return Prompt(kind, (Message("system", "You coach."), Message("user", said)), Answer, None)


def sent(provider: FakeProvider, case: str) -> dict[str, Any]:
    """Return the body of the one call of a case."""
    [call] = provider.calls(case)
    return call.request


def assert_tells_no_secret(error: LLMError, logged: str) -> None:
    """Neither the error, nor its traceback in a log, nor what was logged on the way holds key or text."""
    written = "".join(traceback.format_exception(error))
    for told in (error.sentence, repr(error), written, logged):
        assert KEY not in told
        assert TEXT not in told
    assert error.__cause__ is not None or error.__context__ is None


# What is sent


def test_a_completion_comes_back_with_its_model_and_its_cost(llm: OpenAILLM, case: str) -> None:
    completion = llm.complete(prompt(case))

    assert read_answer(completion.text, Answer).level == "gentle"
    assert completion == Completion(completion.text, "gpt-4o-mini", input_tokens=120, output_tokens=45)


def test_json_schema_sends_the_strict_schema(provider: FakeProvider, llm: OpenAILLM, case: str) -> None:
    llm.complete(prompt(case))

    asked = sent(provider, case)
    assert asked["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "Answer", "strict": True, "schema": strict_schema(Answer)},
    }
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert asked["messages"][0]["content"] == "You coach."


@pytest.mark.parametrize(
    ("form", "asked_for"),
    [
        ("json_object_schema", {"type": "json_object", "schema": strict_schema(Answer)}),
        ("json_object", {"type": "json_object"}),
        ("text", None),
    ],
)
def test_other_formats_write_the_schema_into_the_system_message(
    provider: FakeProvider, connect: Connect, case: str, form: str, asked_for: object
) -> None:
    completion = connect(LLM_RESPONSE_FORMAT=form).complete(prompt(case))

    asked = sent(provider, case)
    assert asked.get("response_format") == asked_for
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    system = asked["messages"][0]["content"]
    assert system.startswith("You coach.")
    assert json.loads(system.splitlines()[-1]) == strict_schema(Answer)
    assert "JSON" in system
    assert read_answer(completion.text, Answer)


def test_a_prompt_without_a_system_message_gets_one_for_the_schema(
    provider: FakeProvider, connect: Connect, case: str
) -> None:
    asking = Prompt("hint", (Message("user", f"[[case: {case}]]"),), Answer, None)
    connect(LLM_RESPONSE_FORMAT="text").complete(asking)

    assert [message["role"] for message in sent(provider, case)["messages"]] == ["system", "user"]


def test_the_text_format_reads_an_answer_out_of_prose(connect: Connect, case: str) -> None:
    completion = connect(LLM_RESPONSE_FORMAT="text").complete(prompt(case, "answer=fenced"))

    assert completion.text.startswith("Here you are")
    assert read_answer(completion.text, Answer).level == "gentle"


def test_every_kind_asks_its_own_model(provider: FakeProvider, connect: Connect, case: str) -> None:
    llm = connect(LLM_MODEL="common", REVIEW_MODEL="thorough")
    for kind in ("hint", "review", "interview"):
        llm.complete(prompt(case, kind=kind))

    assert [call.request["model"] for call in provider.calls(case)] == ["common", "thorough", "common"]


def test_nothing_is_sent_that_some_models_refuse(provider: FakeProvider, llm: OpenAILLM, case: str) -> None:
    llm.complete(prompt(case))

    assert sent(provider, case).keys() == {"model", "messages", "response_format", "max_tokens"}


def test_temperature_and_effort_are_sent_where_they_are_set(
    provider: FakeProvider, connect: Connect, case: str
) -> None:
    connect(LLM_TEMPERATURE="0", LLM_REASONING_EFFORT="Low").complete(prompt(case))

    asked = sent(provider, case)
    assert (asked["temperature"], asked["reasoning_effort"]) == (0, "low")


def test_a_server_of_ones_own_is_told_the_limit_by_its_old_name(
    provider: FakeProvider, connect: Connect, case: str
) -> None:
    connect(LLM_MAX_OUTPUT_TOKENS="321").complete(prompt(case))

    assert sent(provider, case)["max_tokens"] == 321


def test_a_server_that_refuses_the_old_name_gets_the_new_one_from_then_on(
    provider: FakeProvider, connect: Connect, case: str
) -> None:
    llm = connect(LLM_MAX_OUTPUT_TOKENS="321")
    llm.complete(prompt(case, "times=1 status=400 code=unsupported_parameter param=max_tokens"))
    llm.complete(prompt(case))

    limits = [
        {name: value for name, value in call.request.items() if name.startswith("max_")}
        for call in provider.calls(case)
    ]
    new = {"max_completion_tokens": 321}
    assert limits == [{"max_tokens": 321}, new, new]


def test_a_server_that_refuses_both_names_is_asked_twice_and_no_more(
    provider: FakeProvider, llm: OpenAILLM, case: str
) -> None:
    with pytest.raises(LLMRequestRejectedError):
        llm.complete(prompt(case, "status=400 param=max_tokens"))

    assert len(provider.calls(case)) == 2


def test_a_server_that_refuses_both_names_is_asked_by_one_of_them_from_then_on(
    provider: FakeProvider, llm: OpenAILLM, case: str
) -> None:
    behaviour = "status=400 param=max_tokens code=max_completion_tokens"
    for _ in range(3):
        with pytest.raises(LLMRequestRejectedError):
            llm.complete(prompt(case, behaviour))

    names = [name for call in provider.calls(case) for name in call.request if name.startswith("max_")]
    assert names == ["max_tokens", "max_completion_tokens", "max_tokens", "max_tokens"]


def test_a_name_that_did_not_work_either_is_not_kept(
    provider: FakeProvider, llm: OpenAILLM, case: str
) -> None:
    with pytest.raises(LLMRequestRejectedError):
        llm.complete(prompt(case, "times=2 status=400 param=max_tokens"))
    llm.complete(prompt(case))

    assert "max_tokens" in provider.calls(case)[-1].request


def test_half_an_emoji_does_not_break_a_prompt(provider: FakeProvider, llm: OpenAILLM, case: str) -> None:
    asking = Prompt("hint", (Message("user", f"[[case: {case}]] \ud83d \0 🙂"),), Answer, None)
    llm.complete(asking)

    assert sent(provider, case)["messages"][0]["content"].endswith("\ufffd \ufffd 🙂")


def test_a_server_without_keys_needs_none(provider: FakeProvider, connect: Connect, case: str) -> None:
    connect(OPENAI_API_KEY="").complete(prompt(case))

    assert len(provider.calls(case)) == 1


@pytest.fixture
def azure(provider: FakeProvider) -> Iterator[OpenAILLM]:
    env = {
        "LLM_PROVIDER": "azure",
        "AZURE_OPENAI_ENDPOINT": provider.base_url.removesuffix("/v1"),
        "AZURE_OPENAI_API_KEY": KEY,
        "LLM_MODEL": "my-deployment",
    }
    llm = create_azure(Settings.load(env))
    yield llm
    llm.close()


@pytest.mark.parametrize(
    ("behaviour", "becomes", "says"),
    [
        ("status=401", LLMAuthError, "AZURE_OPENAI_API_KEY"),
        ("status=404 code=DeploymentNotFound", LLMRequestRejectedError, "no such deployment"),
        ("status=503", LLMUnavailableError, "answered 503"),
        ("status=307", LLMInvalidResponseError, "AZURE_OPENAI_ENDPOINT"),
        ("huge=50000000", LLMInvalidResponseError, "longer than 4 MiB"),
    ],
)
def test_azures_faults_are_told_in_azures_settings(
    provider: FakeProvider, azure: OpenAILLM, case: str, behaviour: str, becomes: type[LLMError], says: str
) -> None:
    with pytest.raises(becomes, match=says) as raised:
        azure.complete(prompt(case, behaviour))

    assert_tells_no_secret(raised.value, "")
    assert len(provider.calls(case)) == 1


def test_azure_asks_the_deployment_with_its_own_key(
    provider: FakeProvider, azure: OpenAILLM, case: str
) -> None:
    azure.complete(prompt(case))

    [call] = provider.calls(case)
    assert azure.provider == "azure"
    assert call.path == "/openai/deployments/my-deployment/chat/completions"
    assert call.headers["api-key"] == KEY
    assert "max_completion_tokens" in call.request


# What becomes of a fault

FAULTS: list[tuple[str, type[LLMError], str]] = [
    ("status=400", LLMRequestRejectedError, "answered 400"),
    ("status=400 code=context_length_exceeded", LLMRequestRejectedError, "longer than the model can read"),
    ("status=400 code=content_filter", LLMRequestRejectedError, "content filter refused the prompt"),
    ("status=400 param=response_format", LLMRequestRejectedError, "LLM_RESPONSE_FORMAT"),
    ("status=401", LLMAuthError, "OPENAI_API_KEY"),
    ("status=403", LLMAuthError, "OPENAI_API_KEY"),
    ("status=404", LLMRequestRejectedError, "OPENAI_BASE_URL and LLM_MODEL"),
    ("status=404 code=model_not_found", LLMRequestRejectedError, "does not know the model"),
    ("status=408", LLMUnavailableError, "answered 408"),
    ("status=409", LLMUnavailableError, "answered 409"),
    ("status=413", LLMRequestRejectedError, "too large"),
    ("status=422", LLMRequestRejectedError, "answered 422"),
    ("status=429", LLMRateLimitedError, "too many requests"),
    ("status=429 code=insufficient_quota", LLMRateLimitedError, "quota"),
    ("status=500", LLMUnavailableError, "answered 500"),
    ("status=503", LLMUnavailableError, "answered 503"),
    ("status=402", LLMRequestRejectedError, "no credit left"),
    ("status=400 code=json_validate_failed", LLMInvalidResponseError, "malformed"),
    ("status=529", LLMUnavailableError, "answered 529"),
    ("status=301", LLMInvalidResponseError, "answered 301"),
    ("status=307", LLMInvalidResponseError, "answered 307"),
    ("reset", LLMUnavailableError, "connection"),
    ("close", LLMUnavailableError, "closed before the answer was complete"),
    ("hang", LLMTimeoutError, "within 1 s"),
    ("drip=0.05", LLMTimeoutError, "within 1 s"),
    ("drip-headers=0.05", LLMTimeoutError, "within 1 s"),
    ("huge=50000000", LLMInvalidResponseError, "longer than 4 MiB"),
    ("gzip", LLMInvalidResponseError, "compressed"),
    ("answer=html", LLMInvalidResponseError, "not a chat completion"),
    ("answer=no-choices", LLMInvalidResponseError, "not a chat completion"),
    ("answer=empty", LLMInvalidResponseError, "is empty"),
    ("answer=blank", LLMInvalidResponseError, "is empty"),
    ("answer=truncated", LLMInvalidResponseError, "cut off"),
    ("answer=refusal", LLMInvalidResponseError, "refused to answer"),
    ("answer=filter", LLMRequestRejectedError, "content filter stopped"),
]


@pytest.mark.parametrize(("behaviour", "becomes", "says"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_fault_becomes_an_error_that_says_what_to_do(
    provider: FakeProvider,
    llm: OpenAILLM,
    hasty: OpenAILLM,
    case: str,
    caplog: pytest.LogCaptureFixture,
    behaviour: str,
    becomes: type[LLMError],
    says: str,
) -> None:
    model = hasty if becomes is LLMTimeoutError else llm
    with caplog.at_level(logging.DEBUG), pytest.raises(LLMError) as raised:
        model.complete(prompt(case, behaviour))

    assert type(raised.value) is becomes
    assert says in raised.value.sentence
    assert_tells_no_secret(raised.value, caplog.text)
    assert len(provider.calls(case)) == 1, "the adapter retries nothing and follows no redirect"


def test_what_the_model_wrote_reaches_no_error(
    provider: FakeProvider, llm: OpenAILLM, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "_choices", lambda *_: [{"message": {"content": [[TEXT]]}}])
    with pytest.raises(LLMInvalidResponseError, match="not a chat completion") as raised:
        llm.complete(prompt(case))

    assert_tells_no_secret(raised.value, "")


@pytest.mark.parametrize("behaviour", ["answer=garbage", "answer=not-schema"])
def test_an_answer_of_another_shape_is_for_the_reader_to_refuse(
    llm: OpenAILLM, case: str, behaviour: str
) -> None:
    completion = llm.complete(prompt(case, behaviour))

    with pytest.raises(LLMInvalidResponseError):
        read_answer(completion.text, Answer)


def test_a_refused_connection_is_unavailable(connect: Connect) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but nobody listens
        llm = connect(OPENAI_BASE_URL=f"http://127.0.0.1:{nobody.getsockname()[1]}/v1")
        with pytest.raises(LLMUnavailableError, match=r"connection refused.*OPENAI_BASE_URL") as raised:
            llm.complete(prompt("nobody"))

    assert_tells_no_secret(raised.value, "")


def test_a_server_that_accepts_and_never_reads_costs_no_more_than_the_timeout(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/v1"
        llm = connect(OPENAI_BASE_URL=url, LLM_TIMEOUT_SECONDS=str(TIMEOUT))
        large = Prompt("hint", (Message("user", "x" * 20_000_000),), Answer, None)
        started = time.monotonic()
        with pytest.raises(LLMTimeoutError):
            llm.complete(large)

    assert time.monotonic() - started < TIMEOUT + 1


def test_an_address_that_is_none_is_unavailable(connect: Connect) -> None:
    with pytest.raises(LLMUnavailableError, match=r"not a URL.*OPENAI_BASE_URL"):
        connect(OPENAI_BASE_URL="http://ü..example/v1").complete(prompt("nowhere"))


def test_without_a_key_nothing_is_sent() -> None:
    llm = create_openai(Settings(llm_provider="openai"))

    with pytest.raises(LLMAuthError, match="Set OPENAI_API_KEY"):
        llm.complete(prompt("nobody"))


def test_a_password_in_the_url_is_sent_and_never_logged(
    provider: FakeProvider, connect: Connect, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = provider.base_url.replace("http://", f"http://someone:{TEXT}@")
    with caplog.at_level(logging.DEBUG):
        connect(OPENAI_BASE_URL=url).complete(prompt(case))

    [call] = provider.calls(case)
    assert call.headers["authorization"].startswith("Basic ")
    assert TEXT not in caplog.text


# How long it may take


@pytest.mark.parametrize("behaviour", ["hang", "drip=0.05", "drip-headers=0.05", "delay=20"])
def test_the_deadline_of_the_work_at_hand_shortens_a_call(
    connect: Connect, case: str, behaviour: str
) -> None:
    llm = connect(LLM_TIMEOUT_SECONDS="60")
    started = time.monotonic()
    with deadline.within(0.3), pytest.raises(LLMTimeoutError, match=r"within 0\.\d+ s"):
        llm.complete(prompt(case, behaviour))

    assert time.monotonic() - started < 2


def test_past_the_deadline_nothing_is_sent(provider: FakeProvider, llm: OpenAILLM, case: str) -> None:
    llm.complete(prompt(f"{case}-before"))
    with deadline.within(0), pytest.raises(LLMTimeoutError, match="no time left"):
        llm.complete(prompt(case))
    llm.complete(prompt(f"{case}-after"))

    assert provider.calls(case) == []


@pytest.mark.parametrize("behaviour", ["hang", "drip=0.05", "drip-headers=0.05", "huge=50000000"])
def test_a_call_that_is_given_up_closes_its_socket_and_harms_no_other(
    provider: FakeProvider, hasty: OpenAILLM, case: str, behaviour: str
) -> None:
    with pytest.raises(LLMError):
        hasty.complete(prompt(case, behaviour))

    [abandoned] = provider.wait_for(case, outcome="abandoned", timeout=5)
    assert hasty.complete(prompt(f"{case}-next"))
    [following] = provider.calls(f"{case}-next")
    assert following.connection != abandoned.connection


def test_connections_are_used_again(provider: FakeProvider, llm: OpenAILLM, case: str) -> None:
    for _ in range(5):
        llm.complete(prompt(case))

    assert len({call.connection for call in provider.calls(case)}) == 1


def test_twenty_threads_are_answered_at_once(provider: FakeProvider, connect: Connect, case: str) -> None:
    llm = connect()
    with ThreadPoolExecutor(20) as threads:
        answers = [threads.submit(llm.complete, prompt(case, "delay=1.5")) for _ in range(20)]
        assert len([answer.result() for answer in answers]) == 20

    calls = provider.calls(case)
    assert max(call.started for call in calls) < min(call.ended or 0 for call in calls)


def test_one_thread_that_waits_keeps_no_other_waiting(
    provider: FakeProvider, connect: Connect, case: str
) -> None:
    llm = connect(LLM_TIMEOUT_SECONDS="2")
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(llm.complete, prompt(case, "hang"))
        provider.wait_for(case)
        llm.complete(prompt(f"{case}-other"))

        assert not waiting.done()
        with pytest.raises(LLMTimeoutError):
            waiting.result()


def test_after_closing_a_later_call_opens_anew(provider: FakeProvider, connect: Connect, case: str) -> None:
    llm = connect()
    llm.complete(prompt(case))
    llm.close()
    llm.close()

    llm.complete(prompt(case))

    assert len({call.connection for call in provider.calls(case)}) == 2


# How it is reached


@pytest.mark.parametrize("behaviour", ["hang", "drip=0.05", "drip-headers=0.05"])
def test_the_time_is_kept_through_a_proxy_too(
    provider: FakeProvider,
    connect: Connect,
    case: str,
    behaviour: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", provider.base_url.removesuffix("/v1"))
    llm = connect(OPENAI_BASE_URL="http://model.invalid/v1", LLM_TIMEOUT_SECONDS=str(TIMEOUT))
    with pytest.raises(LLMTimeoutError, match="within 1 s"):
        llm.complete(prompt(case, behaviour))

    assert sent(provider, case)["model"] == "gpt-4o-mini"


def test_no_proxy_is_used_where_the_environment_says_so(
    provider: FakeProvider, connect: Connect, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    assert connect().complete(prompt(case))


def test_a_server_that_shakes_no_hands_costs_no_more_than_the_timeout(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/v1"
        started = time.monotonic()
        with pytest.raises(LLMTimeoutError, match="within 1 s"):
            connect(OPENAI_BASE_URL=url, LLM_TIMEOUT_SECONDS=str(TIMEOUT)).complete(prompt("nobody"))

    assert time.monotonic() - started < TIMEOUT + 1


def test_a_name_server_that_does_not_answer_costs_no_more_than_the_timeout(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])
    try:
        with pytest.raises(LLMTimeoutError, match="within 1 s"):
            connect(OPENAI_BASE_URL="http://model.invalid/v1", LLM_TIMEOUT_SECONDS=str(TIMEOUT)).complete(
                prompt("nobody")
            )
        assert not over.is_set()
    finally:
        over.set()


def test_a_name_that_nobody_knows_is_told(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, TEXT)

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(LLMUnavailableError, match="name cannot be resolved") as raised:
        connect(OPENAI_BASE_URL="http://model.invalid/v1").complete(prompt("nobody"))

    assert_tells_no_secret(raised.value, "")


def test_a_host_is_reached_at_the_address_that_answers(
    provider: FakeProvider, connect: Connect, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def two(host: str, *asked: Any, **how: Any) -> list[Any]:
        hosts = ("127.0.0.2", "127.0.0.1") if host == "model.invalid" else (host,)
        return [found for each in hosts for found in real(each, *asked, **how)]

    monkeypatch.setattr(socket, "getaddrinfo", two)

    assert connect(OPENAI_BASE_URL=provider.base_url.replace("127.0.0.1", "model.invalid")).complete(
        prompt(case)
    )
