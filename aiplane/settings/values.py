"""The types of the settings' values: what each accepts, in words that finish "<VARIABLE> must be …".

A type's description is the whole complaint about a wrong value. It never quotes the value, which may hold
a password. Values arrive as strings, without the blanks around them, and are never empty.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from aiplane.contracts.scalars import LanguageTag
from aiplane.settings.redis_url import TLS_OPTIONS, canonical

if TYPE_CHECKING:
    from collections.abc import Collection

_LEVELS_OF_NODE: Final = {"trace": "debug", "warn": "warning", "fatal": "critical"}
"""What Node's loggers call the levels that Python calls otherwise: one ``.env`` often serves both."""


def _lower(value: str) -> str:
    return value.lower()


def _log_level(value: str) -> str:
    return _LEVELS_OF_NODE.get(value.lower(), value.lower())


def _is_word(value: str) -> bool:
    return value.isprintable() and " " not in value


def _is_url(value: str, schemes: Collection[str]) -> bool:
    try:
        url = urlsplit(value)
        # Reading a port is what checks it.
        return _is_word(value) and url.scheme in schemes and bool(url.hostname) and url.port != 0
    except ValueError:
        return False


def _http_url(value: str) -> str:
    if not _is_url(value, ("http", "https")):
        raise ValueError
    return value.rstrip("/")


def _origin(value: str) -> str:
    url = urlsplit(_http_url(value))
    if url.path or url.query or url.fragment or "@" in url.netloc:
        raise ValueError
    return value.rstrip("/")


def _endpoint(value: str) -> str:
    return _http_url(value) if "://" in value else _http_url(f"https://{value}").removeprefix("https://")


def _ip_address(value: str) -> str:
    return str(ipaddress.ip_address(value))


def _one_word(value: str) -> str:
    if not _is_word(value):
        raise ValueError
    return value


@dataclass(frozen=True, slots=True)
class Price:
    """Price of a model per million tokens, in whatever currency its operator counts."""

    input: float
    output: float


def _prices(value: object) -> object:
    """Read ``model=input/output,…``; what is no text already is what a default is."""
    if not isinstance(value, str):
        return value
    return dict(_price(entry) for entry in value.split(",") if entry.strip())


def _price(entry: str) -> tuple[str, Price]:
    model, _, price = entry.strip().rpartition("=")
    amounts = [float(amount) for amount in price.split("/")]
    if not model or len(amounts) != 2 or not all(0 <= amount < math.inf for amount in amounts):
        raise ValueError
    return _one_word(model.strip()), Price(*amounts)


def _secret(value: SecretStr) -> SecretStr:
    if not _is_word(value.get_secret_value()) or not value.get_secret_value().isascii():
        raise ValueError
    return value


RedisUrl = Annotated[
    str,
    AfterValidator(canonical),
    Field(
        repr=False,
        max_length=2_000,
        description="redis://host:port/db or rediss://host:port/db, with a user and a password "
        f"percent-encoded; after rediss:// only {', '.join(TLS_OPTIONS)}",
    ),
]
OptionalUrl = Annotated[
    Annotated[str, AfterValidator(_http_url), Field(max_length=2_000)] | None,
    Field(repr=False, description="a URL that begins with http:// or https://"),
]
OptionalOrigin = Annotated[
    # Requests to an S3 are signed with its host and the whole path, so there is no room for more.
    Annotated[str, AfterValidator(_origin), Field(max_length=2_000)] | None,
    Field(
        repr=False,
        description="http://host:port or https://host:port, without a path, a user or a password",
    ),
]
OptionalEndpoint = Annotated[
    Annotated[str, AfterValidator(_endpoint), Field(max_length=2_000)] | None,
    Field(repr=False, description="a host, host:port or http(s) URL"),
]
OptionalSecret = Annotated[
    Annotated[SecretStr, AfterValidator(_secret), Field(max_length=10_000)] | None,
    Field(description="one line of printable ASCII characters without spaces"),
]
Name = Annotated[
    str,
    AfterValidator(_one_word),
    Field(max_length=200, description="a name of up to 200 printable characters without spaces"),
]
OptionalName = Annotated[
    Name | None, Field(description="a name of up to 200 printable characters without spaces")
]
OptionalBucket = Annotated[
    Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None,
    Field(description="a bucket's name: 3 to 63 small letters, digits, hyphens and points"),
]
OptionalPath = Annotated[str | None, Field(max_length=4_096, description="the path of a file")]
OptionalRegion = Annotated[
    Annotated[str, BeforeValidator(_lower), Field(pattern=r"^[a-z0-9-]{1,50}$")] | None,
    Field(description="a region's short name, such as westeurope"),
]
OptionalLanguageTag = Annotated[
    LanguageTag | None, Field(description="a BCP-47 language tag such as en or pt-BR")
]
QueueName = Annotated[
    Name,
    # BullMQ refuses the colon: it parts the pieces of its keys.
    Field(
        pattern=r"^[^:]+$", description="a name of up to 200 printable characters without spaces or colons"
    ),
]
Concurrency = Annotated[int, Field(ge=1, le=1_000, description="a whole number from 1 to 1000")]
IpAddress = Annotated[
    str,
    AfterValidator(_ip_address),
    Field(description="an IP address: 127.0.0.1 for this machine alone, 0.0.0.0 or :: for all of its own"),
]
Port = Annotated[int, Field(ge=0, le=65_535, description="a port from 1 to 65535, or 0 for none")]
MetricsMinutes = Annotated[
    # One number a minute and queue; after a silence BullMQ writes all of the missing ones at once.
    int, Field(ge=0, le=100_000, description="a whole number of minutes up to 100000, or 0 for none")
]
TimeoutSeconds = Annotated[float, Field(gt=0, le=120, description="a number of seconds above 0, at most 120")]
YesNo = Annotated[bool, Field(description="yes or no")]
TimeLimit = Annotated[float, Field(gt=0, le=3_600, description="a number of seconds above 0, at most 3600")]
OutputTokens = Annotated[
    # Below, every answer would be cut off; above is more than any model writes.
    int, Field(ge=100, le=200_000, description="a whole number from 100 to 200000")
]
Megabytes = Annotated[
    # The audio travels in a job, as base64, and a value in Redis holds at most 512 MB.
    int, Field(ge=1, le=300, description="a whole number of megabytes from 1 to 300")
]

Prices = Annotated[
    dict[str, Price],
    BeforeValidator(_prices),
    Field(
        description="prices per million input and output tokens, such as "
        "gpt-4o-mini=0.15/0.60,other-model=1/2"
    ),
]

AppEnv = Annotated[
    Literal["development", "production", "test"],
    BeforeValidator(_lower),
    Field(description="development, production or test"),
]
LLMProvider = Annotated[
    Literal["openai", "azure", "offline"],
    BeforeValidator(_lower),
    Field(description="openai, azure or offline"),
]
RESPONSE_FORMATS = ("json_schema", "json_object_schema", "json_object", "text")
"""What a server may be asked for, the strictest first."""

ResponseFormat = Annotated[
    Literal["json_schema", "json_object_schema", "json_object", "text"],
    BeforeValidator(_lower),
    Field(description="json_schema, json_object_schema, json_object or text"),
]
OptionalTemperature = Annotated[
    Annotated[float, Field(ge=0, le=2)] | None, Field(description="a number from 0 to 2")
]
OptionalEffort = Annotated[
    # Which ones there are differs from model to model, and grows.
    Annotated[str, BeforeValidator(_lower), Field(pattern=r"^[a-z_-]{1,20}$")] | None,
    Field(description="a word that the model knows, such as minimal, low, medium or high"),
]
SpeechProvider = Annotated[
    Literal["openai", "google", "azure", "none"],
    BeforeValidator(_lower),
    Field(description="openai, google, azure or none"),
]
AudioFormat = Annotated[Literal["mp3", "ogg"], BeforeValidator(_lower), Field(description="mp3 or ogg")]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error", "critical"],
    BeforeValidator(_log_level),
    Field(description="debug, info, warning, error or critical"),
]
LogFormat = Annotated[
    Literal["json", "console"], BeforeValidator(_lower), Field(description="json or console")
]
OtlpProtocol = Annotated[
    Literal["http/protobuf"],
    BeforeValidator(_lower),
    Field(description="http/protobuf, usually at port 4318: grpc is not built in"),
]
Exporter = Annotated[
    Literal["otlp", "none"],
    BeforeValidator(_lower),
    Field(description="otlp or none; Prometheus has METRICS_PORT"),
]
