"""Voice: uploaded, written down, said to the interviewer and answered, as one flow."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from aiplane.results import Delivery
from control_plane.outcomes import Outcomes
from tests.support.api import Api, api_environment, serving
from tests.support.s3 import S3Server
from tests.support.stand_in import ANSWERS, StandIn, living_pools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.postgres_server import PostgresServer
    from tests.support.redis_server import RedisServer

AUDIO = b"\x1aE\xdf\xa3" + bytes(1000)
JSON = {"audioBase64": base64.b64encode(AUDIO).decode(), "mimeType": "audio/webm;codecs=opus"}


@pytest.fixture
async def env(postgres: PostgresServer, redis_server: RedisServer) -> AsyncIterator[dict[str, str]]:
    redis_server.client.flushall()
    postgres.empty()
    async with living_pools(redis_server.url):
        more = {"STT_PROVIDER": "openai", "STT_MAX_AUDIO_SIZE_MB": "1"}
        yield api_environment(postgres.url, redis_server.url, **more)


async def only(s3: S3Server, *keys: str) -> None:
    """Return once the bucket has no recordings but these."""

    def recordings() -> list[str | None]:
        return [each.object_name for each in s3.client.list_objects("audio", "recordings/", recursive=True)]

    while await asyncio.to_thread(recordings) != [*keys]:  # noqa: ASYNC110 -- a bucket tells of no change
        await asyncio.sleep(0.05)


@pytest.fixture
async def api(env: dict[str, str]) -> AsyncIterator[Api]:
    async with serving(env) as (api, _):
        yield api


async def upload(api: Api, room: str, audio: bytes = AUDIO, **fields: str) -> Any:
    files = {"audio": ("said.webm", audio, "audio/webm")}
    return await api.call("POST", f"/rooms/{room}/ai/voice", files=files, data=fields)


async def test_said_written_down_and_answered(api: Api, redis_server: RedisServer) -> None:
    room = await api.room()
    job = (await upload(api, room, language="en")).json()["jobId"]
    async with (
        StandIn(redis_server.url, "transcribe") as ear,
        StandIn(redis_server.url, "interview") as voice,
    ):
        assert await ear.take() == job
        sent = json.loads(await ear.queue.data(job) or "")
        assert base64.b64decode(sent["audioBase64"]) == AUDIO
        assert (sent["mimeType"], sent["language"], sent["roomMode"]) == ("audio/webm", "en", "ai")
        await ear.complete(job)
        said = await api.ended(room, job)
        assert (said["status"], said["text"]) == ("completed", "I would use a dictionary.")
        answer = said["messageJobId"]
        assert await voice.take() == answer
        assert json.loads(await voice.queue.data(answer) or "")["userMessage"] == said["text"]
        await voice.complete(answer)
        assert (await api.ended(room, answer))["status"] == "completed"
    turns = (await api.call("GET", f"/rooms/{room}/ai/messages")).json()["data"]
    assert [(turn["role"], turn["jobId"]) for turn in turns] == [("user", answer), ("assistant", answer)]
    quota = (await api.call("GET", f"/users/me/ai/quota?roomId={room}")).json()
    assert (quota["voice"]["remaining"], quota["message"]["remaining"]) == (9, 20)


@pytest.mark.parametrize(
    ("text", "body"), [("", JSON), ("  ", JSON), ("Only written down.", {**JSON, "answer": False})]
)
async def test_of_silence_and_of_dictation_nothing_is_asked(
    api: Api, redis_server: RedisServer, postgres: PostgresServer, text: str, body: dict[str, Any]
) -> None:
    room = await api.room()
    job = await api.asked(room, "voice", body)
    async with StandIn(redis_server.url, "transcribe") as ear:
        await ear.take()
        await ear.complete(job, {"text": text})
        assert await api.ended(room, job) == {"status": "completed", "text": text}
    assert postgres.query("SELECT count(*) FROM messages") == [(0,)]
    assert postgres.query("SELECT count(*) FROM jobs") == [(1,)]


@pytest.mark.parametrize(
    "written",
    [
        "data:audio/webm;codecs=opus;base64," + base64.b64encode(AUDIO).decode(),
        base64.urlsafe_b64encode(AUDIO).decode().rstrip("="),
        base64.encodebytes(AUDIO).decode(),
    ],
)
async def test_base64_is_read_as_browsers_and_encoders_write_it(
    api: Api, redis_server: RedisServer, written: str
) -> None:
    room = await api.room()
    job = await api.asked(room, "voice", {**JSON, "audioBase64": written})
    async with StandIn(redis_server.url, "transcribe") as ear:
        assert await ear.take() == job
        sent = json.loads(await ear.queue.data(job) or "")
    assert base64.b64decode(sent["audioBase64"], validate=True) == AUDIO


async def test_what_is_delivered_often_and_to_two_services_is_said_once(
    env: dict[str, str], postgres: PostgresServer
) -> None:
    async with serving(env) as (api, first), serving(env) as (_, second):
        room = await api.room()
        job = await api.asked(room, "voice", JSON)
        # A NUL, and half of a surrogate pair: PostgreSQL can store neither.
        delivery = Delivery("transcribe", job, {"text": "A\0 dict\ud800."})
        outcomes = [Outcomes(app.state.services) for app in (first, second)]
        await asyncio.gather(*(each.completed(delivery) for each in outcomes * 5))
        said = await api.ended(room, job)
    assert said["text"] == "A\ufffd dict\ufffd."
    assert postgres.query("SELECT role, content, job_id FROM messages") == [
        ("user", said["text"], said["messageJobId"])
    ]
    assert postgres.query("SELECT count(*) FROM jobs WHERE kind = 'interview'") == [(1,)]


async def test_after_the_end_of_a_session_it_is_written_down_and_not_said(
    api: Api, redis_server: RedisServer
) -> None:
    room = await api.room()
    job = await api.asked(room, "voice", JSON)
    await api.told("POST", f"/rooms/{room}/finish")
    async with StandIn(redis_server.url, "transcribe") as ear:
        await ear.take()
        await ear.complete(job)
    assert await api.ended(room, job) == {"status": "completed", "text": ANSWERS["transcribe"]["text"]}
    refused = await upload(api, room)
    assert (refused.status_code, refused.json()["code"]) == (409, "room_finished")


async def test_a_call_that_is_repeated_with_its_key_is_one_recording(
    api: Api, postgres: PostgresServer
) -> None:
    path = f"/rooms/{await api.room()}/ai/voice"
    key = {"Idempotency-Key": "once"}
    form = {"files": {"audio": ("said.webm", AUDIO, "audio/webm;codecs=opus")}}
    answers = await asyncio.gather(
        api.call("POST", path, JSON, headers=key), api.call("POST", path, headers=key, **form)
    )
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert postgres.query("SELECT count(*) FROM jobs") == [(1,)]
    for other in (
        {**JSON, "audioBase64": base64.b64encode(b"other").decode()},
        {**JSON, "language": "de"},
        {**JSON, "answer": False},
        {**JSON, "mimeType": "audio/ogg"},
    ):
        refused = await api.call("POST", path, other, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused")


async def test_over_the_limit_nothing_is_read_and_a_failure_gives_it_back(
    env: dict[str, str], redis_server: RedisServer
) -> None:
    async with serving({**env, "RATE_LIMIT_VOICE": "1/300"}) as (api, _):
        room = await api.room()
        key = {"Idempotency-Key": "first"}
        job = await api.asked(room, "voice", JSON, headers=key)
        # Twice what is allowed, and so a 413 if it were read.
        refused = await upload(api, room, bytes(2 * 2**20))
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 300
        assert await api.asked(room, "voice", JSON, headers=key) == job
        new = await api.call("POST", f"/rooms/{room}/ai/voice", JSON, headers={"Idempotency-Key": "second"})
        assert new.status_code == 429
        async with StandIn(redis_server.url, "transcribe") as ear:
            await ear.take()
            await ear.fail(job, "stt_failed: The recording cannot be read.")
        assert (await api.ended(room, job))["status"] == "failed"
        assert (await upload(api, room)).status_code == 202


async def test_a_recording_is_nobody_elses(api: Api) -> None:
    room, other = await api.room(ada="candidate", bob="candidate"), await api.room()
    job = (await upload(api, room)).json()["jobId"]
    for where, what, user in (
        (room, "voice", "bob"),
        (other, "voice", "ada"),
        (room, "message", "ada"),
        (room, "review", "ada"),
    ):
        assert (await api.call("GET", f"/rooms/{where}/ai/{what}/{job}", user=user)).status_code == 404


async def test_a_transcription_that_failed_says_why(api: Api, redis_server: RedisServer) -> None:
    room = await api.room()
    job = await api.asked(room, "voice", JSON)
    async with StandIn(redis_server.url, "transcribe") as ear:
        await ear.take()
        await ear.fail(job, "stt_failed: The recording cannot be read.")
    ended = await api.ended(room, job)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "stt_failed")


async def test_a_provider_that_is_off_is_a_400(env: dict[str, str]) -> None:
    async with serving({**env, "STT_PROVIDER": "none"}) as (api, _):
        refused = await upload(api, await api.room())
    assert (refused.status_code, refused.json()["code"]) == (400, "stt_disabled")


async def test_what_is_too_large_is_a_413_in_either_form(api: Api) -> None:
    room = await api.room()
    slightly, much = bytes(2**20 + 1), bytes(4 * 2**20)
    for audio in (slightly, much):
        assert (await upload(api, room, audio)).status_code == 413
        body = {**JSON, "audioBase64": base64.b64encode(audio).decode()}
        assert (await api.call("POST", f"/rooms/{room}/ai/voice", body)).status_code == 413
    assert (await upload(api, room, bytes(2**20))).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {**JSON, "mimeType": "webm"},
        {**JSON, "audioBase64": "***"},
        {**JSON, "audioBase64": ""},
        {**JSON, "audioBase64": "data:audio/webm;base64,"},
        {**JSON, "mimeType": "audio/webm\r\nx: y"},
        {**JSON, "audioBase64": "\u00e9"},
        {**JSON, "language": "not a tag"},
        {**JSON, "answer": "yes"},
    ],
)
async def test_what_is_no_recording_is_a_400(api: Api, body: Any) -> None:
    refused = await api.call("POST", f"/rooms/{await api.room()}/ai/voice", body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")


async def test_forms_that_are_no_recording_are_400s(api: Api) -> None:
    path = f"/rooms/{await api.room()}/ai/voice"
    for options in (
        {"data": {"audio": "text"}},
        {"files": {"other": ("a", b"x", "audio/webm")}},
        {"files": {"audio": ("a", b"x", "audio/webm")}, "data": {"answer": "maybe"}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
        {"files": {"audio": ("a", b"", "audio/webm")}},
        {"files": {"audio": ("a", b"x", "webm")}},
        {"files": [("audio", ("a", b"x", "audio/webm")), ("audio", ("b", b"x", "audio/webm"))]},
        {"files": {"audio": ("a", b"x", "audio/webm")}, "data": {"language": "not a tag"}},
        {"files": {"audio": ("a", b"x", "audio/webm")}, "data": {"language": "en-" + "x-" * 20 + "x"}},
        {"files": {"audio": ("a", b"x", "audio/webm")}, "data": {"answer": "x" * 2_000}},
        {"content": b"garbage", "headers": {"content-type": "multipart/form-data; boundary=cut"}},
        {"content": b"x", "headers": {"content-type": "text/plain"}},
        {"content": b"x"},
    ):
        refused = await api.call("POST", path, **options)
        assert (refused.status_code, refused.json()["statusCode"]) == (400, 400), options


async def test_only_rooms_with_an_interviewer_listen(api: Api) -> None:
    peer = await api.room(mode="peer")
    assert (await upload(api, peer)).json()["code"] == "not_available_in_mode"


async def test_a_bucket_carries_recordings_and_replies(
    env: dict[str, str], redis_server: RedisServer
) -> None:
    with S3Server() as s3:
        async with serving({**env, **s3.env}) as (api, _):
            room = await api.room()
            job = (await upload(api, room)).json()["jobId"]
            async with StandIn(redis_server.url, "transcribe") as ear:
                await ear.take()
                sent = json.loads(await ear.queue.data(job) or "")
                assert "audioBase64" not in sent
                assert s3.get(sent["audioKey"]) == AUDIO
                await ear.complete(job)
            job = (await api.ended(room, job))["messageJobId"]
            await only(s3)  # it is written down, and nobody's to keep

            s3.client.put_object("audio", "replies/1.mp3", io.BytesIO(b"spoken"), 6)
            audio = {"audioKey": "replies/1.mp3", "mimeType": "audio/mpeg", "downloadUrl": "http://old/link"}
            async with StandIn(redis_server.url, "interview") as voice:
                assert await voice.take() == job
                await voice.complete(
                    job, {**ANSWERS["interview"], "audio": audio, "audioUrl": "http://old/link"}
                )
            result = (await api.ended(room, job))["result"]
            listed = (await api.call("GET", f"/rooms/{room}/ai/messages?order=desc")).json()["data"][0]
        async with httpx2.AsyncClient() as browser:
            for url in (result["audioUrl"], result["audio"]["downloadUrl"], listed["audioUrl"]):
                assert (await browser.get(url)).content == b"spoken"


async def test_in_the_bucket_nothing_stays_of_what_was_refused_or_repeated(
    env: dict[str, str], redis_server: RedisServer, postgres: PostgresServer
) -> None:
    with S3Server() as s3:
        async with serving({**env, **s3.env, "RATE_LIMIT_VOICE": "1/300"}) as (api, _):
            path = f"/rooms/{await api.room()}/ai/voice"
            keyed = {"headers": {"Idempotency-Key": "once"}}
            assert (await api.call("POST", path, JSON, **keyed)).status_code == 202
            ((kept,),) = postgres.query("SELECT noted->>'audioKey' FROM jobs")
            assert (await api.call("POST", path, JSON, **keyed)).status_code == 202
            changed = await api.call("POST", path, {**JSON, "language": "de"}, **keyed)
            assert changed.status_code == 409
            over = await api.call("POST", path, JSON, headers={"Idempotency-Key": "another"})
            assert over.status_code == 429
            await only(s3, kept)


async def test_a_bucket_that_is_away_is_a_503_and_nothing_is_written(
    env: dict[str, str], postgres: PostgresServer
) -> None:
    away = {
        "S3_ENDPOINT": "http://127.0.0.1:1",
        "S3_ACCESS_KEY": "key",
        "S3_SECRET_KEY": "secret",
        "S3_BUCKET": "audio",
    }
    async with serving({**env, **away}) as (api, _):
        refused = await upload(api, await api.room())
    assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
    assert int(refused.headers["retry-after"]) >= 1
    assert postgres.query("SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM outbox)") == [(0, 0)]
