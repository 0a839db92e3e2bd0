"""The platform's routes: each of them, and each way to be refused."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.api import PROBLEM

if TYPE_CHECKING:
    from tests.support.api import Api
    from tests.support.postgres_server import PostgresServer

NO_ROOM = "01JD0000000000000000000000"


async def test_a_problem_a_room_people_code_runs_and_the_end(api: Api, postgres: PostgresServer) -> None:
    room = await api.room(ada="candidate", bob="observer")
    await api.told("PUT", f"/rooms/{room}/code", {"code": "shared"})
    await api.told("PUT", f"/rooms/{room}/code", {"code": "first", "userId": "ada"})
    mine = await api.call("PUT", f"/rooms/{room}/code", {"code": "second", "language": "go"})
    run = await api.told(
        "POST", f"/rooms/{room}/executions", {"userId": "ada", "passedTestCases": 3, "totalTestCases": 5}
    )
    end = await api.told("POST", f"/rooms/{room}/finish")

    assert mine.status_code == 204
    code = postgres.query("SELECT user_id, code, language FROM code WHERE room_id = %s ORDER BY 1", room)
    assert code == [("", "shared", None), ("ada", "second", "go")]
    assert postgres.query("SELECT summary FROM executions WHERE id = %s", run["id"]) == [
        ({"passedTestCases": 3, "totalTestCases": 5},)
    ]
    assert end == {"id": room, "state": "finished"}
    assert await api.told("POST", f"/rooms/{room}/finish") == end
    late = await api.call("PUT", f"/rooms/{room}/code", {"code": "late"})
    assert (late.status_code, late.json()["code"]) == (409, "room_finished")


async def test_a_room_says_what_it_is(api: Api) -> None:
    problem = await api.told("POST", "/problems", PROBLEM)
    room = await api.told("POST", "/rooms", {"problemId": problem["id"], "mode": "peer", "language": "c++"})
    assert room == {"id": room["id"], "mode": "peer", "state": "active"}


async def test_a_role_can_change(api: Api, postgres: PostgresServer) -> None:
    room = await api.room(ada="observer")
    body = {"userId": "ada", "role": "candidate"}
    assert await api.told("POST", f"/rooms/{room}/participants", body) == {"roomId": room, **body}
    assert postgres.query("SELECT role FROM participants WHERE room_id = %s", room) == [("candidate",)]


@pytest.mark.parametrize(
    "path", ["/problems", "/rooms", "/rooms/x/participants", "/rooms/x/executions", "/rooms/x/finish"]
)
async def test_only_the_platform_may_tell(api: Api, path: str) -> None:
    nobody = await api.call("POST", path, PROBLEM, user=None)
    person = await api.call("POST", path, PROBLEM, user="ada")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, "Bearer")
    assert (person.status_code, person.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("room", [NO_ROOM, "..", "%00", "x" * 65, "no room"])
@pytest.mark.parametrize("path", ["participants", "executions", "finish"])
async def test_a_room_that_is_not_there(api: Api, room: str, path: str) -> None:
    body = {"userId": "ada", "role": "candidate"}
    response = await api.call("POST", f"/rooms/{room}/{path}", body, user="service")
    assert response.status_code in {400, 404}
    assert response.json()["code"] in {"not_found", "invalid_request"}


async def test_code_is_written_by_whom_it_belongs_to(api: Api) -> None:
    room = await api.room(ada="candidate", bob="observer")
    anothers = await api.call("PUT", f"/rooms/{room}/code", {"code": "", "userId": "bob"})
    observed = await api.call("PUT", f"/rooms/{room}/code", {"code": ""}, user="bob")
    strange = await api.call("PUT", f"/rooms/{room}/code", {"code": ""}, user="eve")
    assert [anothers.status_code, observed.status_code, strange.status_code] == [403, 403, 404]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({**PROBLEM, "title": " "}, "title"),
        ({**PROBLEM, "title": 7}, "title"),
        ({**PROBLEM, "description": "x" * 120_001}, "description"),
        ({**PROBLEM, "difficulty": "extreme"}, "difficulty"),
        ([], ""),
        ("text", ""),
    ],
)
async def test_a_body_that_does_not_fit_names_the_field(api: Api, body: Any, field: str) -> None:
    response = await api.call("POST", "/problems", body, user="service")
    assert response.status_code == 400
    error = response.json()
    assert error["code"] == "invalid_request"
    assert error["details"][0]["field"] == field


async def test_what_postgresql_cannot_store_is_replaced(api: Api, postgres: PostgresServer) -> None:
    body = b'{"title": "a\\u0000b", "description": "\\ud83d half \\ud83d\\ude42"}'
    response = await api.call(
        "POST", "/problems", user="service", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == 201
    row = postgres.query("SELECT title, description FROM problems WHERE id = %s", response.json()["id"])
    assert row == [("a�b", "� half 🙂")]


async def test_the_same_call_twice_with_one_key_is_one_call(api: Api, postgres: PostgresServer) -> None:
    before = postgres.query("SELECT count(*) FROM problems")[0][0]
    calls = [
        api.call("POST", "/problems", PROBLEM, user="service", headers={"Idempotency-Key": "k1"})
        for _ in range(8)
    ]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert postgres.query("SELECT count(*) FROM problems")[0][0] == before + 1  # type: ignore[operator]


async def test_a_key_is_for_one_body_and_one_route(api: Api) -> None:
    key = {"Idempotency-Key": "k2"}
    first = await api.told("POST", "/problems", PROBLEM, headers=key)
    other = await api.call("POST", "/problems", {**PROBLEM, "title": "x"}, user="service", headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    room = await api.told(
        "POST", "/rooms", {"problemId": first["id"], "mode": "ai", "language": "go"}, headers=key
    )
    assert room["mode"] == "ai"


async def test_a_call_that_was_refused_does_not_use_up_its_key(api: Api) -> None:
    key = {"Idempotency-Key": "k3"}
    body = {"problemId": NO_ROOM, "mode": "ai", "language": "go"}
    refused = await api.call("POST", "/rooms", body, user="service", headers=key)
    assert refused.status_code == 404
    problem = await api.told("POST", "/problems", PROBLEM)
    assert await api.told("POST", "/rooms", {**body, "problemId": problem["id"]}, headers=key)
