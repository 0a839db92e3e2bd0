"""Every environment variable, typed and checked once, at the start of a process.

Whoever starts a process calls :meth:`Settings.load`; everyone else is handed the settings, or the values
that they need. A variable is a field's name in capitals. What is set to nothing counts as unset, blanks
around a value are dropped, and variables that are not named here are ignored. Of OpenTelemetry's standard
``OTEL_*`` only what decides whether it is set up at all is read here; the rest it reads itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aiplane.queues import QUEUES
from aiplane.settings.rules import RULES, Fault, Rule, broken_rules
from aiplane.settings.values import (  # noqa: TC001 - pydantic reads them
    AppEnv,
    AudioFormat,
    Concurrency,
    Exporter,
    IpAddress,
    LLMProvider,
    LogFormat,
    LogLevel,
    Megabytes,
    MetricsMinutes,
    Name,
    OptionalBucket,
    OptionalEffort,
    OptionalEndpoint,
    OptionalLanguageTag,
    OptionalName,
    OptionalOrigin,
    OptionalPath,
    OptionalRegion,
    OptionalSecret,
    OptionalTemperature,
    OptionalUrl,
    OtlpProtocol,
    OutputTokens,
    Port,
    Prices,
    QueueName,
    RedisUrl,
    ResponseFormat,
    SpeechProvider,
    TimeLimit,
    TimeoutSeconds,
    YesNo,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.queues import Kind


Signal: TypeAlias = Literal["traces", "metrics", "logs"]
SIGNALS: tuple[Signal, ...] = ("traces", "metrics", "logs")
"""What OpenTelemetry sends, as its variables name it."""


class SettingsError(Exception):
    """Environment that is not fit to start with. The message names every wrong variable, and no value.

    Attributes:
        faults: one sentence for each fault: what is wrong, and what to do.
    """

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n  ".join(("the settings are wrong:", *self.faults))


class Settings(BaseModel):
    """The environment of a process. Its ``repr`` shows neither a secret nor a URL."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    rules: ClassVar[tuple[Rule, ...]] = RULES
    """What the settings owe each other. A process that needs less than a worker, or more, has its own."""

    app_env: AppEnv = "development"
    log_level: LogLevel = Field(
        default_factory=lambda given: "debug" if given["app_env"] == "development" else "info"
    )
    log_format: LogFormat = Field(
        default_factory=lambda given: "json" if given["app_env"] == "production" else "console"
    )
    metrics_port: Port = 0
    metrics_host: IpAddress = "127.0.0.1"
    otel_exporter_otlp_endpoint: OptionalUrl = None
    otel_exporter_otlp_traces_endpoint: OptionalUrl = None
    otel_exporter_otlp_metrics_endpoint: OptionalUrl = None
    otel_exporter_otlp_logs_endpoint: OptionalUrl = None
    otel_exporter_otlp_protocol: OtlpProtocol = "http/protobuf"
    otel_exporter_otlp_traces_protocol: OtlpProtocol = "http/protobuf"
    otel_exporter_otlp_metrics_protocol: OtlpProtocol = "http/protobuf"
    otel_exporter_otlp_logs_protocol: OtlpProtocol = "http/protobuf"
    otel_traces_exporter: Exporter = "otlp"
    otel_metrics_exporter: Exporter = "otlp"
    otel_logs_exporter: Exporter = "otlp"
    otel_sdk_disabled: YesNo = False
    otel_capture_content: YesNo = False

    redis_url: RedisUrl = "redis://127.0.0.1:6379/0"
    redis_accept_data_loss: YesNo = False
    bullmq_prefix: Name = "bull"
    bullmq_metrics_minutes: MetricsMinutes = 14 * 24 * 60
    celery_broker_url: RedisUrl = Field(default_factory=lambda given: given["redis_url"])
    celery_result_backend: RedisUrl = Field(default_factory=lambda given: given["redis_url"])

    hint_queue: QueueName = QUEUES["hint"].name
    review_queue: QueueName = QUEUES["review"].name
    interview_queue: QueueName = QUEUES["interview"].name
    transcribe_queue: QueueName = QUEUES["transcribe"].name
    hint_concurrency: Concurrency = QUEUES["hint"].concurrency
    review_concurrency: Concurrency = QUEUES["review"].concurrency
    interview_concurrency: Concurrency = QUEUES["interview"].concurrency
    transcribe_concurrency: Concurrency = QUEUES["transcribe"].concurrency
    hint_time_limit_seconds: TimeLimit = QUEUES["hint"].time_limit
    review_time_limit_seconds: TimeLimit = QUEUES["review"].time_limit
    interview_time_limit_seconds: TimeLimit = QUEUES["interview"].time_limit
    transcribe_time_limit_seconds: TimeLimit = QUEUES["transcribe"].time_limit

    openai_api_key: OptionalSecret = None
    openai_base_url: OptionalUrl = None
    azure_openai_endpoint: OptionalUrl = None
    azure_openai_api_key: OptionalSecret = None
    azure_openai_api_version: Name = "2024-10-21"
    llm_provider: LLMProvider = Field(
        default_factory=lambda given: "openai" if given["openai_api_key"] else "offline"
    )
    llm_model: Name = "gpt-4o-mini"
    hint_model: Name = Field(default_factory=lambda given: given["llm_model"])
    review_model: Name = Field(default_factory=lambda given: given["llm_model"])
    interview_model: Name = Field(default_factory=lambda given: given["llm_model"])
    llm_timeout_seconds: TimeoutSeconds = 60.0
    llm_max_output_tokens: OutputTokens = 8_000
    llm_response_format: ResponseFormat = "json_schema"
    llm_temperature: OptionalTemperature = None
    llm_reasoning_effort: OptionalEffort = None
    llm_prices: Prices = Field(default_factory=dict)

    tts_provider: SpeechProvider = "none"
    tts_voice: OptionalName = None
    tts_model: OptionalName = None
    tts_audio_format: AudioFormat = "mp3"
    stt_provider: SpeechProvider = "none"
    stt_model: OptionalName = None
    stt_language: OptionalLanguageTag = None
    stt_max_audio_size_mb: Megabytes = 25
    azure_speech_key: OptionalSecret = None
    azure_speech_region: OptionalRegion = None
    azure_speech_endpoint: OptionalUrl = None
    google_application_credentials: OptionalPath = None
    google_tts_endpoint: OptionalEndpoint = None
    google_stt_endpoint: OptionalEndpoint = None

    s3_endpoint: OptionalOrigin = None
    s3_public_endpoint: OptionalOrigin = Field(default_factory=lambda given: given["s3_endpoint"])
    s3_access_key: OptionalSecret = None
    s3_secret_key: OptionalSecret = None
    s3_bucket: OptionalBucket = None
    s3_region: Name = "us-east-1"

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read and check the environment.

        Args:
            env: the variables; the process's own where it is absent.

        Raises:
            SettingsError: something is wrong or missing. It tells everything at once.
        """
        given = cls._given(os.environ if env is None else env)
        settings, faults = cls._read(given)
        wrong = {variable for fault in faults for variable in fault.variables}
        faults += broken_rules(settings, wrong, cls.rules)
        if faults:
            raise SettingsError(tuple(fault.sentence for fault in faults))
        return settings

    @classmethod
    def _given(cls, env: Mapping[str, str]) -> dict[str, str]:
        values = {name: env.get(name.upper(), "").strip() for name in cls.model_fields}
        return {name: value for name, value in values.items() if value}

    @classmethod
    def _read(cls, given: dict[str, str]) -> tuple[Self, list[Fault]]:
        """Read each value by itself; what cannot be read is a fault and leaves its default behind."""
        try:
            return cls.model_validate(given), []
        except ValidationError as error:
            wrong = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"][0] in given}
        readable = {name: value for name, value in given.items() if name not in wrong}
        faults = [cls._fault(name) for name in cls.model_fields if name in wrong]
        return cls.model_validate(readable), faults

    @classmethod
    def _fault(cls, name: str) -> Fault:
        return Fault((name.upper(),), f"{name.upper()} must be {cls.model_fields[name].description}")

    def queue_name(self, kind: Kind) -> str:
        """Name the kind's job queue in BullMQ."""
        names: dict[Kind, str] = {
            "hint": self.hint_queue,
            "review": self.review_queue,
            "interview": self.interview_queue,
            "transcribe": self.transcribe_queue,
        }
        return names[kind]

    def concurrency(self, kind: Kind) -> int:
        """Tell how many jobs of the kind run at once in the pool that the Procfile starts."""
        sizes: dict[Kind, int] = {
            "hint": self.hint_concurrency,
            "review": self.review_concurrency,
            "interview": self.interview_concurrency,
            "transcribe": self.transcribe_concurrency,
        }
        return sizes[kind]

    def time_limit(self, kind: Kind) -> float:
        """Tell how many seconds one run of the kind's task may take; past them: ``job_timeout``."""
        limits: dict[Kind, float] = {
            "hint": self.hint_time_limit_seconds,
            "review": self.review_time_limit_seconds,
            "interview": self.interview_time_limit_seconds,
            "transcribe": self.transcribe_time_limit_seconds,
        }
        return limits[kind]

    def model(self, kind: Kind) -> str:
        """Name the language model (at Azure: the deployment) that the kind asks."""
        models: dict[Kind, str] = {
            "hint": self.hint_model,
            "review": self.review_model,
            "interview": self.interview_model,
        }
        return models.get(kind, self.llm_model)

    @property
    def has_storage(self) -> bool:
        """True if there is a bucket to put audio into and to fetch it from."""
        return None not in (self.s3_endpoint, self.s3_access_key, self.s3_secret_key, self.s3_bucket)

    def sends_by_otlp(self, signal: Signal) -> bool:
        """Return whether a signal goes to an OTLP endpoint: one is named, and nothing forbids it."""
        endpoint = getattr(self, f"otel_exporter_otlp_{signal}_endpoint") or self.otel_exporter_otlp_endpoint
        wanted = getattr(self, f"otel_{signal}_exporter") == "otlp"
        return bool(endpoint) and wanted and not self.otel_sdk_disabled
