"""The environment: defaults, what is refused, and that nothing secret shows."""

from __future__ import annotations

import pickle
import ssl
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from celery import Celery
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from redis import SSLConnection

from aiplane.queues import KINDS, QUEUES
from aiplane.redis.clients import connect_thread
from aiplane.settings import SIGNALS, Settings, SettingsError
from aiplane.settings.values import Price

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

STORAGE = {
    "S3_ENDPOINT": "http://127.0.0.1:8333",
    "S3_ACCESS_KEY": "access",
    "S3_SECRET_KEY": "secret",
    "S3_BUCKET": "audio",
}

CANARY = "hunter2"
"""Stands in for whatever a variable may hold that nobody else may read."""


def faults(env: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.load(env)
    return list(caught.value.faults)


# Defaults


def test_an_empty_environment_is_enough_to_develop_in() -> None:
    settings = Settings.load({})

    assert settings.redis_url == "redis://127.0.0.1:6379/0"
    assert settings.bullmq_prefix == "bull"
    assert settings.llm_provider == "offline"
    assert settings.llm_timeout_seconds == 60
    assert settings.llm_max_output_tokens == 8_000
    assert settings.llm_response_format == "json_schema"
    assert (settings.tts_provider, settings.tts_audio_format) == ("none", "mp3")
    assert (settings.stt_provider, settings.stt_max_audio_size_mb) == ("none", 25)
    assert (settings.app_env, settings.log_level, settings.log_format) == ("development", "debug", "console")
    assert settings.metrics_port == 0
    assert not settings.has_storage


def test_the_queues_are_those_of_the_table() -> None:
    settings = Settings.load({})
    assert {kind: settings.queue_name(kind) for kind in KINDS} == {kind: QUEUES[kind].name for kind in KINDS}
    assert {kind: settings.concurrency(kind) for kind in KINDS} == {
        kind: QUEUES[kind].concurrency for kind in KINDS
    }
    assert {kind: settings.time_limit(kind) for kind in KINDS} == {
        kind: QUEUES[kind].time_limit for kind in KINDS
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_queue_can_be_renamed_resized_and_timed(kind: str) -> None:
    own = {"QUEUE": "other", "CONCURRENCY": "1000", "TIME_LIMIT_SECONDS": "0.5"}
    settings = Settings.load({f"{kind.upper()}_{what}": value for what, value in own.items()})
    names = {each: settings.queue_name(each) for each in KINDS}
    sizes = {each: settings.concurrency(each) for each in KINDS}
    limits = {each: settings.time_limit(each) for each in KINDS}
    assert [each for each in KINDS if names[each] == "other"] == [kind]
    assert [each for each in KINDS if sizes[each] == 1000] == [kind]
    assert [each for each in KINDS if limits[each] == 0.5] == [kind]


def test_celery_lives_where_bullmq_lives_unless_told_otherwise() -> None:
    redis, other = "redis://:pw@redis:6380/2", "redis://celery/1"
    settings = Settings.load({"REDIS_URL": redis, "CELERY_RESULT_BACKEND": other})
    assert (settings.celery_broker_url, settings.celery_result_backend) == (redis, other)


@pytest.mark.parametrize(
    ("options", "checked"),
    [
        ("", ssl.CERT_REQUIRED),
        ("?ssl_cert_reqs=CERT_REQUIRED", ssl.CERT_REQUIRED),
        ("?ssl_cert_reqs=optional", ssl.CERT_OPTIONAL),
        ("?ssl_cert_reqs=CERT_NONE", ssl.CERT_NONE),
        ("?ssl_cert_reqs=none", ssl.CERT_NONE),
    ],
)
def test_every_connection_checks_certificates_as_the_url_says_and_else_it_does(
    options: str, checked: ssl.VerifyMode
) -> None:
    settings = Settings.load({"REDIS_URL": f"rediss://:p%23w@redis:6380/2{options}"})
    client = connect_thread(settings.redis_url).connection_pool.make_connection()
    celery = Celery(set_as_current=False, broker=settings.celery_broker_url)
    celery.conf.result_backend = settings.celery_result_backend

    assert isinstance(client, SSLConnection)
    assert client.cert_reqs is checked
    assert celery.connection_for_read().ssl == {"ssl_cert_reqs": checked}
    assert celery.backend.connparams["ssl_cert_reqs"] is checked
    assert {client.password, celery.backend.connparams["password"]} == {"p#w"}


def test_certificates_of_ones_own_are_known_to_every_connection(tmp_path: Path) -> None:
    path = tmp_path / "our ca.pem"
    path.write_text("")
    url = f"rediss://redis:6380?ssl_ca_certs={quote(str(path), safe='')}"
    settings = Settings.load({"REDIS_URL": url})
    client = connect_thread(settings.redis_url).connection_pool.make_connection()
    celery = Celery(set_as_current=False, broker=settings.celery_broker_url)
    celery.conf.result_backend = settings.celery_result_backend

    assert isinstance(client, SSLConnection)
    assert client.ca_certs == str(path)
    assert celery.connection_for_read().ssl["ssl_ca_certs"] == str(path)
    assert celery.backend.connparams["ssl_ca_certs"] == str(path)


def test_a_kind_asks_the_common_model_unless_it_has_its_own() -> None:
    settings = Settings.load({"LLM_MODEL": "common", "REVIEW_MODEL": "careful"})
    assert [settings.model(kind) for kind in ("hint", "review", "interview")] == [
        "common",
        "careful",
        "common",
    ]
    assert Settings.load({}).model("hint")


def test_urls_are_signed_for_the_public_endpoint_or_the_only_one() -> None:
    assert Settings.load(STORAGE).s3_public_endpoint == STORAGE["S3_ENDPOINT"]
    public = Settings.load(STORAGE | {"S3_PUBLIC_ENDPOINT": "https://media.example.com/"})
    assert public.s3_public_endpoint == "https://media.example.com"
    assert public.has_storage


@pytest.mark.parametrize(
    ("env", "level", "form"),
    [
        ({"APP_ENV": "production", "OPENAI_API_KEY": "k"}, "info", "json"),
        ({"APP_ENV": "test"}, "info", "console"),
        ({"LOG_LEVEL": "WARN", "LOG_FORMAT": "JSON"}, "warning", "json"),
    ],
)
def test_the_log_follows_the_kind_of_environment(env: dict[str, str], level: str, form: str) -> None:
    settings = Settings.load(env)
    assert (settings.log_level, settings.log_format) == (level, form)


def test_blank_is_unset_and_blanks_around_a_value_are_dropped() -> None:
    settings = Settings.load({"BULLMQ_PREFIX": "  ", "LLM_PROVIDER": "", "LLM_MODEL": " big\r\n"})
    assert (settings.bullmq_prefix, settings.llm_provider, settings.llm_model) == ("bull", "offline", "big")


def test_other_variables_are_ignored() -> None:
    assert Settings.load({"PATH": "/bin", "llm_model": "small"}) == Settings.load({})


def test_the_process_environment_is_read_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BULLMQ_PREFIX", "from-the-process")
    assert Settings.load().bullmq_prefix == "from-the-process"
    assert Settings.load({}).bullmq_prefix == "bull"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings.load({}).llm_model = "other"  # type: ignore[misc]  # frozen: that is what is tested


# One wrong value


@pytest.mark.parametrize(
    ("variable", "wrong"),
    [
        (
            "REDIS_URL",
            ("unix:///tmp/redis.sock", "localhost:6379", "redis://", "redis://h:x/0", "redis://h/a"),
        ),
        ("REDIS_URL", ("redis://:p#ss@h/0", "redis://h h/0", "http://h", "redis://h:0", "redis://h:65536")),
        ("REDIS_URL", ("redis://h/0?db=3", "redis://h?ssl_cert_reqs=none", "redis://h#1", "rediss://h?db=3")),
        ("REDIS_URL", ("rediss://h?ssl_cert_reqs=maybe", "rediss://h?ssl_cert_reqs=", "rediss://h?none")),
        ("CELERY_BROKER_URL", ("amqp://guest@rabbit//", "sqs://")),
        ("CELERY_RESULT_BACKEND", ("db+sqlite:///results",)),
        ("BULLMQ_PREFIX", ("a b", "a\tb", "x" * 201)),
        ("HINT_QUEUE", ("a:b", "a b", "x" * 201, "\udcff")),
        ("REVIEW_CONCURRENCY", ("0", "-1", "1001", "1.5", "many", "9" * 10_000)),
        ("HINT_TIME_LIMIT_SECONDS", ("0", "3600.1", "nan")),
        ("LLM_PROVIDER", ("anthropic", "none")),
        ("OPENAI_API_KEY", ("sk one", "sk\none", "clé", "k" * 10_001)),
        ("OPENAI_BASE_URL", ("localhost:8000/v1", "ftp://host", "http://", "http://h:99999", "http://[h")),
        ("LLM_TIMEOUT_SECONDS", ("0", "-1", "120.1", "nan", "inf", "soon")),
        ("LLM_MAX_OUTPUT_TOKENS", ("99", "200001", "1.5")),
        ("LLM_RESPONSE_FORMAT", ("xml", "json")),
        ("LLM_TEMPERATURE", ("-0.1", "2.1", "nan", "warm")),
        ("LLM_REASONING_EFFORT", ("very high", "x" * 21, "9")),
        ("TTS_PROVIDER", ("polly",)),
        ("TTS_AUDIO_FORMAT", ("wav",)),
        ("STT_PROVIDER", ("whisper",)),
        ("STT_LANGUAGE", ("english please", "e n", "12")),
        ("STT_MAX_AUDIO_SIZE_MB", ("0", "301")),
        ("AZURE_SPEECH_REGION", ("West Europe", "x.example.com/", "x" * 51)),
        ("GOOGLE_TTS_ENDPOINT", ("a b", "ftp://x", "host:port")),
        ("S3_ENDPOINT", ("127.0.0.1:8333", "http://h/path", "http://h?q", "http://user:pw@h")),
        ("S3_PUBLIC_ENDPOINT", ("https://media.example.com/s3",)),
        ("S3_BUCKET", ("a b", "ab", "Upper", "-a-", "x" * 64)),
        ("APP_ENV", ("staging",)),
        ("LOG_LEVEL", ("loud",)),
        ("LOG_FORMAT", ("xml",)),
        ("METRICS_PORT", ("-1", "65536", "http")),
        ("LLM_PRICES", ("gpt", "gpt=1", "=1/2", "gpt=1/-2", "gpt=1/inf", "a b=1/2", "gpt=1/2/3", "gpt=a/b")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", ("collector:4317", "grpc://collector")),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", ("grpc", "http/json")),
        ("OTEL_METRICS_EXPORTER", ("prometheus",)),
        ("OTEL_CAPTURE_CONTENT", ("some",)),
    ],
)
def test_a_wrong_value_is_told_by_its_variable_and_what_it_must_be(
    variable: str, wrong: tuple[str, ...]
) -> None:
    for value in wrong:
        (fault,) = faults({variable: value})
        assert fault.startswith(f"{variable} must be ")


def test_prices_are_read_by_model() -> None:
    prices = Settings.load({"LLM_PRICES": "gpt-4o-mini=0.15/0.60, a=b=1/2,"}).llm_prices
    assert prices == {"gpt-4o-mini": Price(0.15, 0.60), "a=b": Price(1, 2)}


@pytest.mark.parametrize(
    ("env", "sent"),
    [
        ({}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, ["traces", "metrics", "logs"]),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://c/v1/logs"}, ["logs"]),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_LOGS_EXPORTER": "none"}, ["traces", "metrics"]),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "true"}, []),
    ],
)
def test_what_is_sent_by_otlp(env: dict[str, str], sent: list[str]) -> None:
    settings = Settings.load(env)
    assert [signal for signal in SIGNALS if settings.sends_by_otlp(signal)] == sent


def test_every_variable_says_what_it_must_be() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(
    "env",
    [
        {"REDIS_URL": "rediss://user:p%23ss@redis.example.com:6380/15?ssl_cert_reqs=none"},
        {"REDIS_URL": "redis://[::1]:6379"},
        {"BULLMQ_PREFIX": "{shop}:bull"},
        {"GOOGLE_TTS_ENDPOINT": "eu-texttospeech.googleapis.com"},
        {"GOOGLE_STT_ENDPOINT": "http://127.0.0.1:9000"},
        {"LLM_TIMEOUT_SECONDS": "0.5"},
        {"APP_ENV": "Test", "LLM_PROVIDER": "Offline"},
        {"STT_LANGUAGE": "pt_BR"},
        {"METRICS_PORT": "65535"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_a_right_value_is_taken(env: dict[str, str]) -> None:
    Settings.load(env)


# What one setting asks of another


@pytest.mark.parametrize(
    ("env", "provider"),
    [
        ({"OPENAI_API_KEY": "k"}, "openai"),
        ({"OPENAI_API_KEY": "k", "APP_ENV": "production"}, "openai"),
        ({"LLM_PROVIDER": "openai", "OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}, "openai"),
        ({"LLM_PROVIDER": "offline", "OPENAI_API_KEY": "k"}, "offline"),
        ({"LLM_PROVIDER": "offline", "APP_ENV": "production"}, "offline"),
        (
            {
                "LLM_PROVIDER": "azure",
                "AZURE_OPENAI_ENDPOINT": "https://a.example",
                "AZURE_OPENAI_API_KEY": "k",
            },
            "azure",
        ),
    ],
)
def test_who_answers(env: dict[str, str], provider: str) -> None:
    assert Settings.load(env).llm_provider == provider


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        (
            {"APP_ENV": "production"},
            ["OPENAI_API_KEY is missing: in production set it, or choose another provider with LLM_PROVIDER"],
        ),
        (
            {"APP_ENV": "production", "LLM_PROVIDER": "openai", "OPENAI_BASE_URL": "http://127.0.0.1/v1"},
            ["OPENAI_API_KEY is missing: LLM_PROVIDER=openai needs it"],
        ),
        (
            {"LLM_PROVIDER": "openai"},
            ["OPENAI_API_KEY or OPENAI_BASE_URL is missing: LLM_PROVIDER=openai needs it"],
        ),
        (
            {"LLM_PROVIDER": "openai", "STT_PROVIDER": "openai"},
            [
                (
                    "OPENAI_API_KEY or OPENAI_BASE_URL is missing: "
                    "LLM_PROVIDER=openai and STT_PROVIDER=openai need it"
                )
            ],
        ),
        (
            {"LLM_PROVIDER": "azure"},
            [
                "AZURE_OPENAI_ENDPOINT is missing: LLM_PROVIDER=azure needs it",
                "AZURE_OPENAI_API_KEY is missing: LLM_PROVIDER=azure needs it",
            ],
        ),
        (
            {"STT_PROVIDER": "azure"},
            [
                "AZURE_SPEECH_KEY is missing: STT_PROVIDER=azure needs it",
                "AZURE_SPEECH_REGION or AZURE_SPEECH_ENDPOINT is missing: STT_PROVIDER=azure needs it",
            ],
        ),
        (
            {"TTS_PROVIDER": "google", "S3_BUCKET": "audio"},
            [
                "S3_ENDPOINT is missing: TTS_PROVIDER=google needs it",
                "S3_ACCESS_KEY is missing: TTS_PROVIDER=google needs it",
                "S3_SECRET_KEY is missing: TTS_PROVIDER=google needs it",
            ],
        ),
        (
            {name: value for name, value in STORAGE.items() if name != "S3_BUCKET"}
            | {"STT_PROVIDER": "google"},
            ["S3_BUCKET is missing: S3_ENDPOINT needs it"],
        ),
        (
            {"STT_PROVIDER": "google", "GOOGLE_APPLICATION_CREDENTIALS": "/no/such/file.json"},
            ["GOOGLE_APPLICATION_CREDENTIALS must be the path of a file that exists"],
        ),
    ],
)
def test_what_is_missing_is_told_with_who_needs_it(env: dict[str, str], expected: list[str]) -> None:
    assert faults(env) == expected


def test_speech_is_configured_in_full(tmp_path: Path) -> None:
    credentials = tmp_path / "google.json"
    credentials.write_text("{}")
    Settings.load({"STT_PROVIDER": "google", "GOOGLE_APPLICATION_CREDENTIALS": str(credentials)})
    Settings.load({"TTS_PROVIDER": "google"} | STORAGE)
    Settings.load({"TTS_PROVIDER": "openai", "OPENAI_API_KEY": "k"} | STORAGE)
    Settings.load({"STT_PROVIDER": "azure", "AZURE_SPEECH_KEY": "k", "AZURE_SPEECH_REGION": "WestEurope"})
    Settings.load({"STT_PROVIDER": "azure", "AZURE_SPEECH_KEY": "k", "AZURE_SPEECH_ENDPOINT": "http://h"})


def test_half_a_bucket_harms_nobody_who_does_not_use_it() -> None:
    assert not Settings.load({"S3_BUCKET": "audio"}).has_storage


@pytest.mark.parametrize(
    ("hint", "review"),
    [
        ("same", "same"),
        ("same", "same.results"),
        ("same.dlq", "same"),
        ("ai.generate-hint", "ai.generate-hint"),
    ],
)
def test_no_two_queues_share_a_name(hint: str, review: str) -> None:
    assert faults({"HINT_QUEUE": hint, "REVIEW_QUEUE": review}) == [
        "HINT_QUEUE and REVIEW_QUEUE must differ, and neither may be the other's .results or .dlq"
    ]


def test_a_queue_does_not_take_the_name_that_another_has_by_default() -> None:
    (fault,) = faults({"TRANSCRIBE_QUEUE": "ai.review-code.dlq"})
    assert fault.startswith("REVIEW_QUEUE and TRANSCRIBE_QUEUE must differ")


# All at once


def test_everything_that_is_wrong_is_told_at_once() -> None:
    told = faults(
        {
            "REDIS_URL": "unix:///tmp/redis.sock",
            "HINT_QUEUE": "same",
            "REVIEW_QUEUE": "same",
            "INTERVIEW_CONCURRENCY": "none",
            "LLM_PROVIDER": "azure",
            "AZURE_OPENAI_ENDPOINT": "https://a.example",
            "LLM_TIMEOUT_SECONDS": "600",
            "STT_PROVIDER": "openai",
            "METRICS_PORT": "http",
        }
    )
    assert [sentence.partition(" must ")[0].partition(" is ")[0] for sentence in told] == [
        "METRICS_PORT",
        "REDIS_URL",
        "INTERVIEW_CONCURRENCY",
        "LLM_TIMEOUT_SECONDS",
        "AZURE_OPENAI_API_KEY",
        "OPENAI_API_KEY or OPENAI_BASE_URL",
        "HINT_QUEUE and REVIEW_QUEUE",
    ]


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"OPENAI_API_KEY": "two words", "LLM_PROVIDER": "openai"}, 1),
        ({"OPENAI_BASE_URL": "nowhere", "LLM_PROVIDER": "openai"}, 1),
        ({"LLM_PROVIDER": "opanai", "APP_ENV": "production"}, 1),
        ({"HINT_QUEUE": "a:b", "REVIEW_QUEUE": "ai.generate-hint"}, 1),
    ],
)
def test_one_fault_is_not_told_twice(env: dict[str, str], told: int) -> None:
    assert len(faults(env)) == told


def test_the_message_has_one_line_a_fault() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load({"METRICS_PORT": "http", "LOG_FORMAT": "xml"})
    assert str(caught.value) == (
        "the settings are wrong:\n"
        "  LOG_FORMAT must be json or console\n"
        "  METRICS_PORT must be a port from 1 to 65535, or 0 for none"
    )
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


# Secrets

SECRET_VARIABLES = sorted(
    name.upper() for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)
)
URL_VARIABLES = sorted(
    name.upper() for name in Settings.model_fields if name.endswith(("_url", "_endpoint", "_backend"))
)


def test_the_secrets_are_known() -> None:
    assert SECRET_VARIABLES == [
        "AZURE_OPENAI_API_KEY",
        "AZURE_SPEECH_KEY",
        "OPENAI_API_KEY",
        "S3_ACCESS_KEY",
        "S3_SECRET_KEY",
    ]
    assert len(URL_VARIABLES) == 14


@pytest.mark.parametrize("variable", SECRET_VARIABLES)
def test_a_secret_can_be_read_on_purpose_only(variable: str) -> None:
    settings = Settings.load({variable: CANARY})
    assert getattr(settings, variable.lower()).get_secret_value() == CANARY
    assert CANARY not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"


# Of an S3 the user and the password are settings of their own, and a URL with another is refused.
@pytest.mark.parametrize("variable", [name for name in URL_VARIABLES if not name.startswith("S3_")])
def test_a_password_in_a_url_does_not_show(variable: str) -> None:
    scheme = "redis" if variable.startswith(("REDIS", "CELERY")) else "https"
    settings = Settings.load({variable: f"{scheme}://user:{CANARY}@host/"})
    assert CANARY in getattr(settings, variable.lower())
    assert CANARY not in f"{settings} {settings!r}"


@pytest.mark.parametrize("variable", [name.upper() for name in Settings.model_fields])
def test_no_value_shows_in_the_message(variable: str) -> None:
    wrong = f"{CANARY} ://{CANARY}:{CANARY}"
    try:
        Settings.load({"STT_PROVIDER": "google", "METRICS_PORT": CANARY, variable: wrong})
    except SettingsError as error:
        told = f"{error} {error!r}"
    assert variable in told
    assert CANARY not in told


@given(
    st.dictionaries(
        st.sampled_from([name.upper() for name in Settings.model_fields]),
        st.text(alphabet=st.characters(exclude_categories=()), max_size=20)
        | st.sampled_from(["openai", "azure", "google", "production", "redis://h", "1", "ai.transcribe"]),
    )
)
def test_any_environment_is_taken_or_refused(env: dict[str, str]) -> None:
    try:
        told = repr(Settings.load(env))
    except SettingsError as error:
        told = str(error)
        assert told.isascii()
    assert told
