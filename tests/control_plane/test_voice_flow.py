"""A recording from the upload to the spoken reply, with the workers as processes, a provider and a bucket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.support.api import Api, api_environment, serving
from tests.support.audio import recording, seconds_of
from tests.support.processes import Plane
from tests.support.s3 import S3Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.postgres_server import PostgresServer
    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer

REPLY = {
    "reasoning": "",
    "shouldRespond": True,
    "message": "Well done. What does it cost?",
    "followUpQuestion": None,
    "followUpType": "question",
    "codeAnnotations": [],
    "weaknessSignals": [],
}
SPOKEN_CASE = "said-aloud"


@pytest.fixture
async def api(
    postgres: PostgresServer, redis_server: RedisServer, provider: FakeProvider
) -> AsyncIterator[Api]:
    redis_server.client.flushall()
    postgres.empty()
    provider.answer_for(SPOKEN_CASE, json.dumps(REPLY))
    with S3Server() as s3:
        env = {**s3.env, "TTS_PROVIDER": "openai", "STT_PROVIDER": "openai"}
        with Plane(redis_server.url, provider.base_url, env=env, kinds=("interview", "transcribe")):
            async with serving(api_environment(postgres.url, redis_server.url, **env)) as (api, _):
                yield api


async def test_what_is_said_aloud_is_answered_aloud_and_silence_is_not(api: Api) -> None:
    problem = {"title": "Add", "description": f"Add two numbers. [[case: {SPOKEN_CASE}]]"}
    room = await api.room(problem=problem)
    files = {"audio": ("said.webm", recording("webm-live", 1.0), "audio/webm;codecs=opus")}
    path = f"/rooms/{room}/ai/voice"
    job = (await api.call("POST", path, files=files, data={"language": "en"})).json()["jobId"]
    said = await api.ended(room, job)
    assert (said["status"], said["text"]) == ("completed", "I would use a hash map.")

    reply = (await api.ended(room, said["messageJobId"]))["result"]
    assert reply["message"] == REPLY["message"]
    turns = (await api.call("GET", f"/rooms/{room}/ai/messages")).json()["data"]
    assert [(turn["role"], turn["content"]) for turn in turns] == [
        ("user", said["text"]),
        ("assistant", REPLY["message"]),
    ]
    async with httpx2.AsyncClient() as browser:
        for url in (reply["audioUrl"], reply["audio"]["downloadUrl"], turns[1]["audioUrl"]):
            assert 0.4 < seconds_of((await browser.get(url)).content) < 0.6

    files = {"audio": ("silence.webm", recording("webm-live", 1.0, loudness=0), "audio/webm")}
    job = (await api.call("POST", path, files=files)).json()["jobId"]
    assert await api.ended(room, job) == {"status": "completed", "text": ""}
    assert len((await api.call("GET", f"/rooms/{room}/ai/messages")).json()["data"]) == 2
