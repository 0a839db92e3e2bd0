"""Voice: uploaded, written down, said to the interviewer and answered, as one flow."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

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
        {"content": b"x", "headers": {"content-type": "text/plain"}},
    ):
        assert (await api.call("POST", path, **options)).status_code == 400


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

            s3.client.put_object("audio", "replies/1.mp3", io.BytesIO(b"spoken"), 6)
            job = await api.asked(room, "message", {"message": "Hi"})
            audio = {"audioKey": "replies/1.mp3", "mimeType": "audio/mpeg", "downloadUrl": "http://old/link"}
            async with StandIn(redis_server.url, "interview") as voice:
                await voice.take()
                await voice.complete(
                    job, {**ANSWERS["interview"], "audio": audio, "audioUrl": "http://old/link"}
                )
            result = (await api.ended(room, job))["result"]
            listed = (await api.call("GET", f"/rooms/{room}/ai/messages?order=desc")).json()["data"][0]
        async with httpx2.AsyncClient() as browser:
            for url in (result["audioUrl"], result["audio"]["downloadUrl"], listed["audioUrl"]):
                assert (await browser.get(url)).content == b"spoken"
