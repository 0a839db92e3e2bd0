"""The service's environment: what every process of aiplane reads, and what only this one needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from aiplane.settings import Settings
from aiplane.settings.rules import Fault, Rule, queues_are_distinct
from aiplane.settings.values import OptionalName, OptionalSecret  # noqa: TC001 - pydantic reads them

if TYPE_CHECKING:
    from collections.abc import Iterator

SYMMETRIC: Final = ("HS256", "HS384", "HS512")
ASYMMETRIC: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""The algorithms of RFC 7518 and 8037. ``none`` is not among them."""

SHORTEST_SECRET: Final = 32
"""Characters of a secret for HS256: RFC 7518 asks for as many bits as the hash has."""

_STORAGE: Final = ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests in any window of so many seconds."""

    requests: int
    seconds: int


def _rate_limit(value: object) -> object:
    if not isinstance(value, str):
        return value
    requests, _, seconds = value.partition("/")
    limit = RateLimit(int(requests), int(seconds))
    if not (1 <= limit.requests <= 10_000 and 1 <= limit.seconds <= 86_400):
        raise ValueError
    return limit


def _database_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("postgresql", "postgres") or not url.path.strip("/") or url.fragment:
        raise ValueError
    _ = url.port  # reading it is what checks it
    return urlunsplit(url._replace(scheme="postgresql"))


def _algorithms(value: object) -> object:
    if not isinstance(value, str):
        return value
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    if not names or not set(names) <= {*SYMMETRIC, *ASYMMETRIC}:
        raise ValueError
    return names


def _host(value: str) -> str:
    if not value.isprintable() or " " in value or "/" in value:
        raise ValueError
    return value


Limit = Annotated[
    RateLimit,
    BeforeValidator(_rate_limit),
    Field(description="requests/seconds, such as 3/300: up to 10000 requests in up to 86400 seconds"),
]
Seconds = Annotated[float, Field(gt=0, le=3_600, description="a number of seconds above 0, at most 3600")]


def _what_it_needs(settings: ControlPlaneSettings) -> Iterator[Fault]:
    if settings.database_url is None:
        sentence = "DATABASE_URL is missing: set it to a PostgreSQL, postgresql://user:password@host/database"
        yield Fault(("DATABASE_URL",), sentence)
    given = [variable for variable in _STORAGE if getattr(settings, variable.lower()) is not None]
    for variable in set(_STORAGE) - set(given) if given else ():
        yield Fault((variable,), f"{variable} is missing: {given[0]} needs it")


def _tokens_say_whose_they_are(settings: ControlPlaneSettings) -> Iterator[Fault]:
    if settings.app_env == "production":
        for variable in ("JWT_ISSUER", "JWT_AUDIENCE"):
            if getattr(settings, variable.lower()) is None:
                yield Fault((variable,), f"{variable} is missing: in production a token says whose it is")


def _one_way_to_know_a_token(settings: ControlPlaneSettings) -> Iterator[Fault]:
    both = ("JWT_SECRET", "JWT_JWKS")
    if (settings.jwt_secret is None) == (settings.jwt_jwks is None):
        verb = "is missing: set one of them" if settings.jwt_secret is None else "are set: choose one of them"
        yield Fault(
            both, f"{' or '.join(both) if settings.jwt_secret is None else ' and '.join(both)} {verb}"
        )
        return
    # A public key must never be taken for a secret, so one service has one family of algorithms.
    family = SYMMETRIC if settings.jwt_secret else ASYMMETRIC
    if not set(settings.jwt_algorithms) <= set(family):
        variable = both[0] if settings.jwt_secret else both[1]
        yield Fault(
            ("JWT_ALGORITHMS", variable), f"JWT_ALGORITHMS must be of {', '.join(family)}: {variable} is set"
        )
    if settings.jwt_secret and len(settings.jwt_secret.get_secret_value()) < SHORTEST_SECRET:
        yield Fault(("JWT_SECRET",), f"JWT_SECRET must have {SHORTEST_SECRET} characters or more")


def _key_set_exists(settings: ControlPlaneSettings) -> Iterator[Fault]:
    where = settings.jwt_jwks
    if where and not where.startswith(("http://", "https://")) and not Path(where).is_file():
        yield Fault(("JWT_JWKS",), "JWT_JWKS must be the path of a file that exists, or an http(s) URL")


_TOKENS: Final[tuple[Rule, ...]] = (_tokens_say_whose_they_are, _one_way_to_know_a_token, _key_set_exists)
_RULES: Final[tuple[Rule, ...]] = (_what_it_needs, queues_are_distinct)


class ControlPlaneSettings(Settings):
    """The environment of the service. It needs no key of a model: the workers ask it."""

    rules: ClassVar[tuple[Rule, ...]] = (*_RULES, *_TOKENS)

    database_url: Annotated[
        Annotated[str, AfterValidator(_database_url), Field(max_length=2_000)] | None,
        Field(repr=False, description="postgresql://user:password@host:port/database"),
    ] = None
    api_host: Annotated[
        str, AfterValidator(_host), Field(max_length=255, description="a host's name or address")
    ] = "127.0.0.1"
    api_port: Annotated[int, Field(ge=0, le=65_535, description="a port from 1 to 65535, or 0 for any")] = (
        8080
    )
    api_prefix: Annotated[
        str,
        Field(
            pattern=r"^(/[A-Za-z0-9._~-]+)*$",
            max_length=200,
            description="a path such as /api/v1, without a slash at its end",
        ),
    ] = ""
    jwt_secret: OptionalSecret = None
    jwt_jwks: Annotated[
        str | None,
        Field(repr=False, max_length=2_000, description="the path or the http(s) URL of a JSON Web Key Set"),
    ] = None
    jwt_algorithms: Annotated[
        tuple[str, ...],
        BeforeValidator(_algorithms),
        Field(
            validate_default=True,
            description=f"one or more of {', '.join((*SYMMETRIC, *ASYMMETRIC))}, parted by commas",
        ),
    ] = Field(default_factory=lambda given: ("HS256",) if given["jwt_secret"] else ("RS256", "ES256"))
    jwt_issuer: OptionalName = None
    jwt_audience: OptionalName = None
    rate_limit_hints: Limit = RateLimit(3, 300)
    rate_limit_messages: Limit = RateLimit(20, 60)
    rate_limit_voice: Limit = RateLimit(10, 300)
    rate_limit_reviews: Limit = RateLimit(5, 300)
    call_timeout_seconds: Annotated[
        float, Field(gt=0, le=60, description="a number of seconds above 0, at most 60")
    ] = 2.0
    breaker_failures: Annotated[int, Field(ge=1, le=1_000, description="a whole number from 1 to 1000")] = 5
    breaker_open_seconds: Seconds = 10.0
    oldest_waiting_seconds: Seconds = 60.0

    @property
    def keys(self) -> SecretStr | str:
        """The secret that tokens are verified with, or the place of the key set."""
        keys = self.jwt_secret or self.jwt_jwks
        assert keys is not None, "the settings were not checked"  # noqa: S101 -- for the type checker
        return keys


class OwnIdentitySettings(ControlPlaneSettings):
    """The environment of a service whose application knows its callers itself: it needs none of ``JWT_*``."""

    rules: ClassVar[tuple[Rule, ...]] = _RULES
