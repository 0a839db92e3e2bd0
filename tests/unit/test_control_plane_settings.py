"""The service's environment: what it needs, what it does not, and everything wrong told at once."""

from __future__ import annotations

import pytest

from aiplane.settings import SettingsError
from control_plane.application import create_app
from control_plane.identity import Caller
from control_plane.settings import ControlPlaneSettings, OwnIdentitySettings, RateLimit

SECRET = "s" * 32
ENOUGH = {"DATABASE_URL": "postgresql://me:secret@db/rooms", "JWT_SECRET": SECRET}


def faults(**env: str) -> str:
    with pytest.raises(SettingsError) as wrong:
        ControlPlaneSettings.load({**ENOUGH, **env})
    return str(wrong.value)


def test_what_it_needs_and_what_the_rest_is() -> None:
    settings = ControlPlaneSettings.load(ENOUGH)
    assert (settings.api_host, settings.api_port, settings.api_prefix) == ("127.0.0.1", 8080, "")
    assert settings.rate_limit_hints == RateLimit(3, 300)
    assert settings.rate_limit_messages == RateLimit(20, 60)
    assert settings.jwt_algorithms == ("HS256",)
    assert (settings.call_timeout_seconds, settings.breaker_failures) == (2.0, 5)


def test_no_secret_is_shown() -> None:
    text = repr(ControlPlaneSettings.load(ENOUGH))
    assert SECRET not in text
    assert "me:secret" not in text


def test_it_needs_no_key_of_a_model_even_in_production() -> None:
    production = {
        "APP_ENV": "production",
        "JWT_ISSUER": "us",
        "JWT_AUDIENCE": "api",
        "STT_PROVIDER": "openai",
    }
    assert ControlPlaneSettings.load({**ENOUGH, **production}).stt_provider == "openai"


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as wrong:
        ControlPlaneSettings.load({"APP_ENV": "production"})
    for variable in ("DATABASE_URL", "JWT_SECRET or JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE"):
        assert f"{variable} is missing" in str(wrong.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://db/rooms"),
        ("DATABASE_URL", "postgresql://db"),
        ("DATABASE_URL", "postgresql://db:port/rooms"),
        ("API_PORT", "65536"),
        ("API_PREFIX", "api"),
        ("API_PREFIX", "/api/"),
        ("JWT_ALGORITHMS", "none"),
        ("JWT_ALGORITHMS", "HS256,none"),
        ("JWT_ALGORITHMS", "RS256"),
        ("JWT_SECRET", "short"),
        ("RATE_LIMIT_HINTS", "3"),
        ("RATE_LIMIT_HINTS", "0/60"),
        ("RATE_LIMIT_VOICE", "1/100000"),
        ("CALL_TIMEOUT_SECONDS", "0"),
        ("BREAKER_FAILURES", "0"),
        ("HINT_QUEUE", "ai.review-code"),
    ],
)
def test_a_wrong_value_is_named(variable: str, value: str) -> None:
    assert variable in faults(**{variable: value})


def test_a_key_set_goes_with_public_keys_only() -> None:
    env = {"JWT_SECRET": "", "JWT_JWKS": "https://id.example/keys"}
    assert ControlPlaneSettings.load({**ENOUGH, **env}).jwt_algorithms == ("RS256", "ES256")
    assert "JWT_JWKS is set" in faults(**env, JWT_ALGORITHMS="HS256")
    assert "choose one" in faults(JWT_JWKS="https://id.example/keys")
    assert "exists" in faults(JWT_SECRET="", JWT_JWKS="/nowhere/keys.json")


def test_half_a_bucket_is_no_bucket() -> None:
    said = faults(S3_ENDPOINT="http://s3:8333")
    assert "S3_BUCKET is missing: S3_ENDPOINT needs it" in said


class Everybody:
    async def caller(self, _: object) -> Caller:
        return Caller("ada")


def test_who_knows_callers_otherwise_needs_nothing_about_tokens() -> None:
    env = {"APP_ENV": "production", "DATABASE_URL": ENOUGH["DATABASE_URL"]}
    assert create_app(OwnIdentitySettings.load(env), identity=Everybody())
    with pytest.raises(SettingsError, match="DATABASE_URL is missing"):
        OwnIdentitySettings.load({})


@pytest.mark.parametrize("secret", ["", "short"])
def test_tokens_are_never_read_with_settings_that_were_not_checked_for_them(secret: str) -> None:
    settings = OwnIdentitySettings.load({**ENOUGH, "JWT_SECRET": secret})
    with pytest.raises(SettingsError, match="JWT_SECRET"):
        create_app(settings)
