"""The outermost layer of every request: ids, headers, sizes, and one body for every refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from control_plane.envelope import LARGEST_BODY
from tests.support.api import api_environment, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from tests.support.api import Api
    from tests.support.postgres_server import PostgresServer

FIELDS = {"statusCode", "code", "message", "requestId", "timestamp"}


async def test_every_refusal_has_one_body(api: Api) -> None:
    for method, path, status, code in (
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/problems", 405, "method_not_allowed"),
        ("POST", "/problems", 400, "invalid_request"),
    ):
        response = await api.call(method, path, user="service")
        body = response.json()
        assert response.status_code == body["statusCode"] == status
        assert body["code"] == code
        assert body.keys() >= FIELDS
        assert body["requestId"] == response.headers["x-request-id"]
        assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_sound_request_id_is_kept_and_another_is_not(api: Api) -> None:
    kept = await api.call("GET", "/nowhere", headers={"X-Request-Id": "abc-12345"})
    unsound = await api.call("GET", "/nowhere", headers={"X-Request-Id": "<script>alert(1)</script>"})
    assert kept.headers["x-request-id"] == "abc-12345"
    assert len(unsound.headers["x-request-id"]) == 26


async def test_no_other_origin_is_let_in(api: Api) -> None:
    response = await api.call("GET", "/nowhere", headers={"Origin": "https://evil.example"})
    assert not [name for name in response.headers if name.startswith("access-control-")]
    assert "set-cookie" not in response.headers


async def test_a_body_is_bounded_while_it_streams(api: Api) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 10 * LARGEST_BODY:
            sent += 65_536
            yield b" " * 65_536

    response = await api.call("POST", "/problems", user="service", content=endless())
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert sent <= LARGEST_BODY + 2 * 65_536


async def test_a_fault_of_ours_says_nothing_of_the_inside(
    postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        async def caller(self, _: object) -> object:
            raise RuntimeError("a secret of the inside")

    async with serving(api_environment(postgres.url), identity=Broken()) as (api, _):
        response = await api.call("POST", "/problems", {})
    assert response.status_code == 500
    assert response.json()["code"] == "internal_error"
    assert "secret" not in response.text
    assert "a request failed" in caplog.text


async def test_a_database_that_is_away_is_a_503_and_comes_back(api: Api, postgres: PostgresServer) -> None:
    room = await api.room()
    postgres.kill()
    away = await api.call("POST", f"/rooms/{room}/finish", user="service")
    assert (away.status_code, away.json()["code"]) == (503, "database_unavailable")
    assert int(away.headers["retry-after"]) >= 1
    postgres.restart()
    assert await api.told("POST", f"/rooms/{room}/finish")
