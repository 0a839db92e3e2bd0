"""Tokens that hold and tokens that do not, by a secret and by a key set that changes."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.requests import Request

from control_plane import keys
from control_plane.errors import UnauthenticatedError, UnavailableError
from control_plane.identity import BearerTokens, Caller
from control_plane.settings import ControlPlaneSettings
from tests.support.api import SECRET, token

if TYPE_CHECKING:
    from pathlib import Path

DATABASE = {"DATABASE_URL": "postgresql://u@127.0.0.1/db"}


def tokens(**env: str) -> BearerTokens:
    return BearerTokens(ControlPlaneSettings.load({**DATABASE, **env}))


async def caller(identity: BearerTokens, header: str) -> Caller:
    headers = [(b"authorization", header.encode("latin-1"))]
    return await identity.caller(Request({"type": "http", "headers": headers}))


def b64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def test_a_token_names_a_caller_and_its_scopes() -> None:
    found = await caller(tokens(JWT_SECRET=SECRET), f"bearer {token('ada', scope='service other')}")
    assert found == Caller("ada", frozenset({"service", "other"}))
    assert found.is_service


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer a.b.c",
        f"Bearer {'x' * 9000}",
        f"Bearer {token('ada', secret='another-secret-that-is-as-long-as-the-first')}",
        f"Bearer {token('ada', exp=int(time.time()) - 60)}",
        f"Bearer {token('ada', exp=None)}",
        f"Bearer {token('ada', exp='soon')}",
        f"Bearer {token('ada', nbf=int(time.time()) + 600)}",
        f"Bearer {token('ada', sub=None)}",
        f"Bearer {token('')}",
        f"Bearer {token('a b')}",
        f"Bearer {token('x' * 257)}",
        f"Bearer {token('ada', sub=7)}",
        f"Bearer {b64({'alg': 'none'})}.{b64({'sub': 'ada', 'exp': 9e9})}.",
        f"Bearer {b64({'alg': 'HS384'})}.{b64({'sub': 'ada', 'exp': 9e9})}.AAAA",
        "Bearer é.é.é",
    ],
)
async def test_a_token_that_does_not_hold(header: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await caller(tokens(JWT_SECRET=SECRET), header)


async def test_issuer_and_audience_are_asked_for_where_they_are_set() -> None:
    identity = tokens(JWT_SECRET=SECRET, JWT_ISSUER="us", JWT_AUDIENCE="api")
    assert await caller(identity, f"Bearer {token('ada', iss='us', aud='api')}")
    assert await caller(identity, f"Bearer {token('ada', iss='us', aud=['x', 'api'])}")
    for claims in ({}, {"iss": "us"}, {"iss": "us", "aud": "other"}, {"iss": "them", "aud": "api"}):
        with pytest.raises(UnauthenticatedError):
            await caller(identity, f"Bearer {token('ada', **claims)}")


def signed(key: Any, algorithm: str) -> str:
    return f"Bearer {jwt.encode({'alg': algorithm, 'kid': key.kid}, {'sub': 'ada', 'exp': 9e9}, key)}"


def publish(path: Path, *each: Any) -> None:
    path.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in each]}))


async def test_a_key_set_and_a_key_that_joins_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rsa, ec = RSAKey.generate_key(2048, {"kid": "a"}), ECKey.generate_key("P-256", {"kid": "b"})
    path = tmp_path / "keys.json"
    publish(path, rsa)
    identity = tokens(JWT_JWKS=str(path))
    assert await caller(identity, signed(rsa, "RS256"))

    publish(path, rsa, ec)
    with pytest.raises(UnauthenticatedError):
        await caller(identity, signed(ec, "ES256"))  # it was looked at a moment ago
    monkeypatch.setattr(keys, "AGAIN_SECONDS", -1)
    assert await caller(identity, signed(ec, "ES256"))


async def test_a_public_key_is_never_a_secret(tmp_path: Path) -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "a"})
    publish(tmp_path / "keys.json", rsa)
    # By hand: no library would sign with a public key.
    signed_part = f"{b64({'alg': 'HS256', 'kid': 'a'})}.{b64({'sub': 'ada', 'exp': 9e9})}"
    signature = hmac.digest(rsa.as_pem(private=False), signed_part.encode(), "sha256")
    forged = f"{signed_part}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    with pytest.raises(UnauthenticatedError):
        await caller(tokens(JWT_JWKS=str(tmp_path / "keys.json")), f"Bearer {forged}")


@pytest.mark.parametrize(
    "more",
    [
        {"kid": "../../../../etc/passwd"},
        {"kid": "/dev/null"},
        {"kid": "x' UNION SELECT 'secret"},
        {"kid": "http://127.0.0.1:1/keys.json"},
        {"kid": ["a"]},
        {"kid": ""},
        {"jku": "http://127.0.0.1:1/keys.json"},
        {"x5u": "http://127.0.0.1:1/cert.pem"},
        {"jwk": "own"},
        {"crit": ["exp"]},
        {"alg": "none"},
        {"alg": "nOnE"},
        {"alg": "PS256"},
    ],
)
async def test_no_token_chooses_its_key(tmp_path: Path, more: dict[str, Any]) -> None:
    trusted, own = RSAKey.generate_key(2048, {"kid": "a"}), RSAKey.generate_key(2048, {"kid": "a"})
    publish(tmp_path / "keys.json", trusted)
    if more.get("jwk"):
        more = {"jwk": own.as_dict(private=False)}
    # By hand, since no library would sign all of these; the key is the caller's own, under the name of ours.
    head = {"alg": "RS256", "kid": "a", **more}
    signed_part = f"{b64(head)}.{b64({'sub': 'ada', 'exp': 9e9, 'scope': 'service'})}"
    made = own.private_key.sign(signed_part.encode(), padding.PKCS1v15(), hashes.SHA256())
    signature = base64.urlsafe_b64encode(made).decode().rstrip("=")
    for key_set in ({"JWT_JWKS": str(tmp_path / "keys.json")}, {"JWT_SECRET": SECRET}):
        for forged in (f"{signed_part}.{signature}", f"{signed_part}."):
            with pytest.raises(UnauthenticatedError):
                await caller(tokens(**key_set), f"Bearer {forged}")


async def test_where_a_secret_is_set_no_other_family_counts() -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "a"})
    with pytest.raises(UnauthenticatedError):
        await caller(tokens(JWT_SECRET=SECRET), signed(rsa, "RS256"))


async def test_a_key_set_that_cannot_be_read_is_no_fault_of_the_caller(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{")
    with pytest.raises(UnavailableError):
        await caller(tokens(JWT_JWKS=str(path)), signed(RSAKey.generate_key(2048, {"kid": "a"}), "RS256"))
