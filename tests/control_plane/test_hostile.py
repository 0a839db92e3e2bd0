"""Requests of ill will to every route: other people's ids, SQL, bombs, and texts that break lines."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from control_plane.job_id import new_job_id
from tests.support.api import PROBLEM, Api, api_environment, serving, token
from tests.support.stand_in import living_pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx2

    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

SQL = "x'; DROP TABLE rooms CASCADE; --"
MARK = "zq7-never-to-be-shown"
AUDIO = base64.b64encode(b"sound").decode()
BODIES: dict[str, Any] = {
    "/message": {"message": "Two loops."},
    "/hint": {"hintLevel": "gentle"},
    "/review": {"code": "x"},
    "/voice": {"audioBase64": AUDIO, "mimeType": "audio/webm"},
    "/code": {"code": "x"},
}
LIMITS = {f"RATE_LIMIT_{each}": "10000/1" for each in ("HINTS", "MESSAGES", "VOICE", "REVIEWS")}


@pytest.fixture
async def api(postgres: PostgresServer, redis_server: RedisServer) -> AsyncIterator[Api]:
    # Nobody works here, so what was asked waits for ever.
    more = {"STT_PROVIDER": "openai", "OLDEST_WAITING_SECONDS": "3600", **LIMITS}
    env = api_environment(postgres.url, redis_server.url, **more)
    async with living_pools(redis_server.url), serving(env) as (api, _):
        yield api


async def routes(api: Api) -> list[tuple[str, str]]:
    """Return every method and path that the document names."""
    document = (await api.client.get("/openapi.json")).json()
    return [(method.upper(), path) for path, each in document["paths"].items() for method in each]


async def test_what_is_anothers_looks_like_what_is_not_there_on_every_route(api: Api) -> None:
    room = await api.room(ada="candidate")
    jobs = {what: await api.asked(room, what, BODIES[f"/{what}"]) for what in ("message", "hint", "review")}
    jobs["voice"] = await api.asked(room, "voice", BODIES["/voice"])
    tried = 0
    for method, path in await routes(api):
        what = path.removeprefix("/rooms/{roomId}/ai/").partition("/")[0]
        seen: list[tuple[int, str, str]] = []
        for place, job in ((room, jobs.get(what, "")), ("0" * 26, new_job_id("hint"))):
            address = path.replace("{roomId}", place).replace("{jobId}", job)
            if path.startswith("/users/me/ai/quota"):
                address += f"?roomId={place}"
            elif "{roomId}" not in path:
                break
            body = next(
                (body for end, body in BODIES.items() if path.endswith(end) and method != "GET"), None
            )
            answer = await api.call(method, address, body, user="eve")
            seen.append((answer.status_code, answer.json()["code"], answer.json()["message"]))
        if seen and seen[0][0] not in (400, 403):  # those are the platform's own, for whichever room
            assert seen[0] == seen[1], path
            assert seen[0][0] == 404, path
            tried += 1
    # code, message, hint, review, voice; the status of four; history, events and quota
    assert tried == 12


@pytest.mark.parametrize("what", ["message", "hint", "review", "voice"])
async def test_a_job_of_another_in_the_same_room_is_not_there(api: Api, what: str) -> None:
    room = await api.room(ada="candidate", bob="interviewer")
    job = await api.asked(room, what, BODIES[f"/{what}"])
    assert (await api.call("GET", f"/rooms/{room}/ai/{what}/{job}", user="bob")).status_code == 404
    elsewhere = await api.room(ada="candidate")
    assert (await api.call("GET", f"/rooms/{elsewhere}/ai/{what}/{job}")).status_code == 404
    others = {"message": "hint", "hint": "review", "review": "voice", "voice": "message"}
    assert (await api.call("GET", f"/rooms/{room}/ai/{others[what]}/{job}")).status_code == 404


async def test_a_hint_of_another_cannot_be_followed(api: Api) -> None:
    room = await api.room(ada="candidate", bob="candidate")
    hint = await api.asked(room, "hint", BODIES["/hint"], user="bob")
    for followed in (hint, SQL, "\x00", "../" * 20):
        body = {**BODIES["/hint"], "followUpToHintId": followed}
        assert (await api.call("POST", f"/rooms/{room}/ai/hint", body)).status_code == 404


async def test_no_other_word_makes_a_platform(api: Api) -> None:
    for claims in (
        {"scope": "Service"},
        {"scope": "services"},
        {"scope": "not-service"},
        {"scope": ["service"]},
        {"scope": {"service": True}},
        {"scopes": "service"},
        {"scp": "service"},
        {"roles": ["service"]},
        {"sub": "service"},
        {"scope": "ser\u200bvice"},
    ):
        signed = token("eve", **{"scope": "", **claims})  # type: ignore[arg-type]  # that is the point
        headers = {"Authorization": f"Bearer {signed}"}
        answer = await api.call("POST", "/problems", PROBLEM, user=None, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), claims


async def test_sql_in_any_text_is_text(api: Api, postgres: PostgresServer) -> None:
    room = await api.room(
        problem={"title": SQL, "description": SQL}, language="python", **{"o'neil": "candidate"}
    )
    who = {"user": "o'neil"}
    key = {"Idempotency-Key": SQL.replace(" ", "+")}
    texts = {"file": SQL, "reason": SQL, "questionType": SQL, "codeSnippet": SQL, "language": "c--'"}
    said = {"message": SQL, "code": SQL, "codeContext": texts, "interactionSignals": {"reason": SQL}}
    await api.asked(room, "message", said, headers=key, **who)
    await api.asked(room, "hint", {"hintLevel": "gentle", "code": SQL, "reflectionResponse": SQL}, **who)
    await api.asked(room, "review", {"code": SQL, "rubric": [SQL]}, **who)
    voice = {"data": {}, "files": {"audio": (SQL, b"sound", "audio/webm; codecs='x'--")}}
    assert (await api.call("POST", f"/rooms/{room}/ai/voice", **voice, **who)).status_code == 202
    run = {"userId": SQL.replace(" ", "+"), "submittedAt": SQL}
    await api.told("POST", f"/rooms/{room}/executions", run)
    for address in (
        f"/rooms/{SQL}/ai/messages",
        f"/rooms/{room}/ai/hint/{SQL}",
        f"/rooms/{room}/ai/messages?cursor={SQL}",
        f"/rooms/{room}/ai/messages?order={SQL}",
        f"/users/me/ai/quota?roomId={SQL}",
    ):
        assert (await api.call("GET", address, **who)).status_code in (400, 404), address
    page = (await api.call("GET", f"/rooms/{room}/ai/messages", **who)).json()
    assert [turn["content"] for turn in page["data"]] == [SQL]
    assert postgres.query("SELECT count(*) FROM rooms WHERE id = %s", room) == [(1,)]


BOMBS = (
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    b'{"hintLevel": ' + b"9" * 100_000 + b"}",
    b'{"hintLevel": 1e999999}',
    b'{"hintLevel": NaN}',
    b"\xff\xfe{}",
    b"\x00",
    b"",
    gzip.compress(b'{"hintLevel": "gentle"}'),
)


@pytest.mark.parametrize("what", ["hint", "voice"])
async def test_json_that_is_a_bomb_or_none_is_a_400(api: Api, what: str) -> None:
    path = f"/rooms/{await api.room()}/ai/{what}"
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    for body in BOMBS:
        answer = await api.call("POST", path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), body[:20]


async def test_fields_that_nobody_asked_for_cost_nothing(api: Api) -> None:
    room = await api.room()
    many = {**BODIES["/hint"], **{f"field{number}": number for number in range(50_000)}}
    await api.asked(room, "hint", many)
    many["roomId"], many["userId"], many["role"] = "other", "bob", "interviewer"
    await api.asked(room, "hint", many)
    faults = {"rubric": [7] * 50_000}
    refused = await api.call("POST", f"/rooms/{room}/ai/review", faults)
    assert refused.status_code == 400
    assert len(refused.json()["details"]) <= 20


@pytest.mark.parametrize("what", ["hint", "voice"])
async def test_a_body_of_another_type_is_a_400(api: Api, what: str) -> None:
    path = f"/rooms/{await api.room()}/ai/{what}"
    body = json.dumps(BODIES[f"/{what}"]).encode()
    for type_ in ("text/plain", "application/x-www-form-urlencoded", "image/png", "", "a/b;" * 999):
        answer = await api.call("POST", path, content=body, headers={"Content-Type": type_})
        assert answer.status_code == 400, type_[:40]


def part(head: str, content: bytes = b"sound") -> bytes:
    return f"--cut\r\n{head}\r\n\r\n".encode() + content + b"\r\n"


FILE = 'Content-Disposition: form-data; name="audio"; filename="a"\r\nContent-Type: audio/webm'
FIELD = 'Content-Disposition: form-data; name="language"'


FORMS = (
    part(FIELD, b"en") * 10_000 + part(FILE),
    part(FILE) * 100,
    part(FILE + "\r\nX-Long: " + "y" * 100_000),
    part(FILE + "".join(f"\r\nX-{number}: y" for number in range(10_000))),
    part(FILE.replace('"a"', '"' + "../" * 50_000 + '"')),
    part(FILE) + part(FIELD, b"x" * 100_000),
    part(FILE).replace(b"\r\n\r\n", b"\r\n"),
    b"--cut\r\n" * 10_000,
)


async def test_a_form_that_is_a_bomb_is_a_400(api: Api) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=cut"}
    path = f"/rooms/{await api.room()}/ai/voice"
    for form in FORMS:
        answer = await api.call("POST", path, content=form + b"--cut--\r\n", headers=headers)
        assert answer.status_code == 400, form[:200]


async def test_a_file_name_that_climbs_is_never_a_path(api: Api, redis_server: RedisServer) -> None:
    room = await api.room()
    files = {"audio": ("../../../../tmp/" + MARK, b"sound", "audio/webm")}
    answer = await api.call("POST", f"/rooms/{room}/ai/voice", files=files)
    assert answer.status_code == 202
    assert MARK not in json.dumps((await api.call("GET", f"/rooms/{room}/ai/messages")).json())


async def test_a_preflight_lets_nobody_in(api: Api) -> None:
    for method, path in await routes(api):
        headers = {
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization",
        }
        answer = await api.call("OPTIONS", path.replace("{roomId}", "r"), user=None, headers=headers)
        assert answer.status_code == 405
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_a_key_that_is_none_is_a_400(api: Api) -> None:
    signed = f"Bearer {token('platform', scope='service')}".encode()
    for key in (b"k" * 10_000, b"", b"a b", b"\xe9", b"k\ttab"):
        headers = [(b"Idempotency-Key", key), (b"Authorization", signed)]
        answer = await api.client.request("POST", "/problems", json=PROBLEM, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), key[:20]


async def test_anothers_key_opens_nothing(api: Api) -> None:
    room = await api.room(ada="candidate", bob="candidate")
    key = {"Idempotency-Key": "the-same"}
    first = await api.asked(room, "hint", BODIES["/hint"], headers=key)
    second = await api.asked(room, "hint", BODIES["/hint"], user="bob", headers=key)
    assert first != second


async def test_a_cursor_of_another_room_shows_nothing_of_it(api: Api) -> None:
    theirs, mine = await api.room(bob="candidate"), await api.room(ada="candidate")
    for text in ("One.", "Two."):
        await api.asked(theirs, "message", {"message": text}, user="bob")
        await api.asked(mine, "message", {"message": f"My {text}"})
    page = (await api.call("GET", f"/rooms/{theirs}/ai/messages?limit=1", user="bob")).json()
    cursor = page["pagination"]["nextCursor"]
    found = (await api.call("GET", f"/rooms/{mine}/ai/messages?cursor={cursor}")).json()
    assert {turn["content"] for turn in found["data"]} <= {"My One.", "My Two."}


async def test_a_cursor_made_up_at_the_end_of_time_is_no_fault_of_ours(api: Api) -> None:
    room = await api.room()
    for moment in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-01T00:00Z"):
        cursor = base64.urlsafe_b64encode(json.dumps([moment, "0" * 26]).encode()).decode().rstrip("=")
        answer = await api.call("GET", f"/rooms/{room}/ai/messages?cursor={cursor}")
        assert answer.status_code in (200, 400), moment


async def test_no_line_can_be_broken_by_what_is_sent(api: Api) -> None:
    for address in (
        "/rooms/a%0d%0aSet-Cookie:%20a=b/ai/messages",
        "/%0d%0aSet-Cookie:%20a=b",
        "/users/me/ai/quota?roomId=%0d%0aSet-Cookie:%20a=b",
        "/docs/%0d%0aSet-Cookie:%20a=b",
        "/docs/..%2f..%2f__main__.py",
        "/docs/%2e%2e/%2e%2e/__main__.py",
    ):
        answer = await api.call("GET", address)
        assert answer.status_code in (400, 404), address
        assert "set-cookie" not in answer.headers


async def test_half_a_character_and_nul_are_replaced_in_whatever_is_asked(
    api: Api, postgres: PostgresServer
) -> None:
    room = await api.room()
    broken = "a\\u0000b \\ud83d"
    for what, fields in (
        ("message", '"message": "%s", "codeContext": {"file": "%s", "codeSnippet": "%s"}'),
        ("hint", '"hintLevel": "gentle", "code": "%s", "reflectionResponse": "%s"'),
        ("review", '"code": "%s", "rubric": ["%s"]'),
    ):
        body = f"{{{fields.replace('%s', broken)}}}".encode()
        headers = {"Content-Type": "application/json"}
        answer = await api.call("POST", f"/rooms/{room}/ai/{what}", content=body, headers=headers)
        assert answer.status_code == 202, what
    assert postgres.query("SELECT content FROM messages WHERE room_id = %s", room) == [("a\ufffdb \ufffd",)]


async def test_every_answer_has_the_headers_that_keep_browsers_from_guessing(api: Api) -> None:
    room = await api.room()
    for method, address in (
        ("GET", "/health"),
        ("GET", "/nowhere"),
        ("GET", f"/rooms/{room}/ai/messages"),
        ("POST", f"/rooms/{room}/ai/hint"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
    ):
        headers = (await api.call(method, address)).headers
        assert headers["x-content-type-options"] == "nosniff", address
        assert headers["x-frame-options"] == "DENY", address
        assert headers["referrer-policy"] == "no-referrer", address
        assert headers["cross-origin-resource-policy"] == "same-origin", address
        assert "no-store" in headers["cache-control"] or address == "/docs", address
        assert "server" not in headers, address


async def test_no_refusal_shows_what_was_sent(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    room = await api.room()
    hint = f"/rooms/{room}/ai/hint"
    answers: list[httpx2.Response] = [
        await api.call("GET", f"/{MARK}"),
        await api.call("GET", f"/rooms/{MARK}/ai/messages"),
        await api.call("GET", f"{hint}/{MARK}"),
        await api.call("GET", f"{hint}/{new_job_id('hint')}?wait={MARK}"),
        await api.call("GET", f"/rooms/{room}/ai/messages?cursor={MARK}&order={MARK}"),
        await api.call("GET", f"/rooms/{room}/ai/events", headers={"Last-Event-ID": MARK}),
        await api.call("GET", "/health", user=None, headers={"X-Request-Id": f"<{MARK}>"}),
        await api.call("GET", hint, headers={"Authorization": f"Bearer {MARK}"}),
        await api.call("POST", hint, {"hintLevel": MARK}),
        await api.call("POST", hint, {"hintLevel": "gentle", "code": [MARK]}),
        await api.call("POST", hint, {"hintLevel": "gentle", "followUpToHintId": MARK}),
        await api.call("POST", hint, content=MARK.encode(), headers={"Content-Type": "application/json"}),
        await api.call("POST", hint, BODIES["/hint"], headers={"Idempotency-Key": f"{MARK} {MARK}"}),
        await api.call("POST", f"/rooms/{room}/ai/voice", {"audioBase64": MARK, "mimeType": MARK}),
        await api.call("POST", f"/rooms/{room}/ai/voice", files={MARK: (MARK, b"x", "audio/webm")}),
        await api.call(MARK.upper().replace("-", ""), "/health"),
    ]
    for answer in answers:
        shown = answer.text + repr(answer.headers.raw)
        assert MARK not in shown
        assert MARK.encode() not in answer.content
    assert MARK not in caplog.text
