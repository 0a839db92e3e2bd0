"""Speech through the whole plane: replies that play, and large recordings that harm nobody."""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.support.audio import KINDS as FILES
from tests.support.audio import encoded, recording, samples, seconds_of
from tests.support.google_speech import GoogleSpeech
from tests.support.jobs import Queue
from tests.support.processes import Plane, Process, await_ready
from tests.support.s3 import BUCKET, S3Server
from tests.support.timed_bridge import longest_steps_ms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.provider import FakeProvider
    from tests.support.redis_server import RedisServer

MEGABYTE = 1024 * 1024
INTERVIEW = "ai.interview-response"
TRANSCRIBE = "ai.transcribe"
HINT = "ai.generate-hint"

PROVIDERS = ("openai", "google", "azure")


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleSpeech]:
    with GoogleSpeech() as server:
        yield server


def environment(s3: S3Server, provider: FakeProvider, google: GoogleSpeech, name: str) -> dict[str, str]:
    return {
        **s3.env,
        "TTS_PROVIDER": name,
        "STT_PROVIDER": name,
        "AZURE_SPEECH_KEY": "test",
        "AZURE_SPEECH_ENDPOINT": provider.base_url.removesuffix("/v1"),
        "GOOGLE_TTS_ENDPOINT": google.url,
        "GOOGLE_STT_ENDPOINT": google.url,
    }


def interview(case: str, **fields: Any) -> dict[str, Any]:
    return {
        "roomId": "room-1",
        "problemDescription": f"Add two numbers. [[case: {case}]]",
        "currentCode": "def add(a, b):\n    return a + b\n",
        "conversationHistory": [],
        "language": "python",
        "userMessage": "I am done.",
        **fields,
    }


def scripted(message: str) -> str:
    """Return what a model writes that replies so."""
    answer = {
        "reasoning": "",
        "shouldRespond": True,
        "message": message,
        "followUpQuestion": None,
        "followUpType": "question",
        "codeAnnotations": [],
        "weaknessSignals": [],
    }
    return json.dumps(answer)


async def done(queue: Queue, job: str) -> dict[str, Any]:
    """Return the result of a job, once it has ended."""
    await queue.event(job, "completed", "failed", timeout_ms=90_000)
    record = await queue.record(job)
    assert await queue.state(job) == "completed", record.get("failedReason")
    result: dict[str, Any] = json.loads(record["returnvalue"])
    return result


async def told(queue: Queue, job: str) -> AsyncIterator[dict[str, Any]]:
    """Yield what listeners are told of how far a job is, up to its end."""
    for count in itertools.count(1):
        step = json.loads((await queue.event(job, "progress", count=count))["data"])
        yield step
        if step["progress"] == 100:
            return


def browse(url: str) -> tuple[str, bytes]:
    """Fetch a URL as a browser would; return its type and its content."""
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.headers["content-type"], response.read()


# Speech out, and in, with every provider


@pytest.mark.parametrize("form", ["mp3", "ogg"])
@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_reply_plays_and_a_failing_provider_costs_it_only_its_sound(
    redis_server: RedisServer,
    provider: FakeProvider,
    google: GoogleSpeech,
    s3: S3Server,
    name: str,
    form: str,
) -> None:
    google.fault = ""
    env = environment(s3, provider, google, name) | {"TTS_AUDIO_FORMAT": form}
    case = f"plays-{name}-{form}"
    provider.answer_for(case, scripted("Well done. What does it cost?"))
    provider.answer_for(f"{case}-not", scripted("Well done. What does it cost? [[provider: status=500]]"))
    with Plane(redis_server.url, provider.base_url, env=env, kinds=["interview", "transcribe"]):
        async with Queue(redis_server.url, INTERVIEW) as queue:
            played = await done(queue, job := await queue.add(interview(case)))
            steps = [step async for step in told(queue, job)]
            mute = await done(queue, await queue.add(interview(case, voice=False)))
            google.fault = "status=500"
            silent = await done(queue, await queue.add(interview(f"{case}-not")))
        google.fault = ""
        async with Queue(redis_server.url, TRANSCRIBE) as queue:
            audio = base64.b64encode(recording("webm-live", 1.0)).decode()
            heard = await done(queue, await queue.add({"mimeType": "audio/webm", "audioBase64": audio}))

    assert steps[-1] == {"progress": 100, "step": "spoken", "attempt": 1}
    key = f"rooms/room-1/ai/{job}.{form}"
    assert played["audio"]["audioKey"] == key
    assert played["audioUrl"] == played["audio"]["downloadUrl"]
    kind, sound = await asyncio.to_thread(browse, played["audioUrl"])
    assert kind == played["audio"]["mimeType"]
    assert 0.4 < seconds_of(sound) < 0.6
    assert "audioUrl" not in mute
    assert "audioUrl" not in silent
    assert silent["message"].startswith("Well done.")
    assert (heard["text"], heard["durationMs"]) == ("I would use a hash map.", 1000)


async def test_a_recording_may_wait_in_the_bucket(
    redis_server: RedisServer, provider: FakeProvider, google: GoogleSpeech, s3: S3Server
) -> None:
    audio = recording("ogg", 2.0)
    s3.client.put_object(BUCKET, "rooms/room-1/candidate/7.ogg", io.BytesIO(audio), len(audio))
    env = environment(s3, provider, google, "openai")
    with Plane(redis_server.url, provider.base_url, env=env, kinds=["transcribe"]):
        async with Queue(redis_server.url, TRANSCRIBE) as queue:
            payload = {"mimeType": "audio/ogg", "audioKey": "rooms/room-1/candidate/7.ogg"}
            heard = await done(queue, await queue.add(payload))

    assert (heard["text"], heard["durationMs"]) == ("I would use a hash map.", 2000)


async def test_a_pool_without_its_bucket_does_not_start(
    redis_server: RedisServer, provider: FakeProvider, google: GoogleSpeech, s3: S3Server
) -> None:
    env = environment(s3, provider, google, "openai") | {"S3_BUCKET": "no-such-bucket"}
    plane = Plane(redis_server.url, provider.base_url, env=env)
    pool = plane.start("interview")
    try:
        assert pool.wait(60) != 0
        assert "S3_BUCKET" in pool.tail()
        assert "Traceback" not in pool.tail()
    finally:
        plane.kill()


# Large recordings


@contextmanager
def plane_of(plane: Plane, *pools: str) -> Iterator[None]:
    """Run pools of a plane without its bridge."""
    try:
        for pool in pools:
            await_ready(plane.start(pool))
        yield
    finally:
        plane.kill()


class Watch:
    """Looks at the memory of processes and of what they start, all the time that its block lasts."""

    def __init__(self, pids: dict[str, int]) -> None:
        self.peaks = dict.fromkeys(pids, 0)
        self._pids = pids
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.02):
            for name, pid in self._pids.items():
                self._see(name, psutil.Process(pid))
                for child in psutil.Process(pid).children(recursive=True):
                    self._see(f"{name}'s reader", child)

    def _see(self, name: str, process: psutil.Process) -> None:
        try:
            used = process.memory_info().rss / MEGABYTE
        except psutil.NoSuchProcess:
            return
        self.peaks[name] = max(self.peaks.get(name, 0), used)


def large_recording(megabytes: float) -> bytes:
    """Return a WAV file of that size, 13 minutes for 25."""
    second = samples(1.0)
    pcm = second * int(megabytes * MEGABYTE / len(second))
    return encoded(pcm, FILES["wav"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PROVIDERS)
async def test_five_large_recordings_at_once_harm_nobody(
    redis_server: RedisServer, provider: FakeProvider, google: GoogleSpeech, s3: S3Server, name: str
) -> None:
    audio = large_recording(24.9)
    payload = {"mimeType": "audio/wav", "audioBase64": base64.b64encode(audio).decode()}
    hint = {"problemDescription": "Add.", "currentCode": "", "language": "python", "hintLevel": "gentle"}
    env = environment(s3, provider, google, name)
    plane = Plane(redis_server.url, provider.base_url, env=env)
    timed_bridge = [sys.executable, "-m", "tests.support.timed_bridge"]
    with Process("bridge", timed_bridge, env=plane.env) as bridge, plane_of(plane, "transcribe", "hint"):
        await_ready(bridge)
        pids = {process.name: process.pid for process in (bridge, *plane.processes)}
        async with Queue(redis_server.url, TRANSCRIBE) as large, Queue(redis_server.url, HINT) as small:
            await done(small, await small.add(hint))
            with Watch(pids) as watch:
                jobs = [await large.add(payload) for _ in range(5)]
                started = time.monotonic()
                waits = []
                ends = [asyncio.create_task(large.event(job, "completed", "failed")) for job in jobs[-1:]]
                while not all(end.done() for end in ends):
                    began = time.monotonic()
                    await done(small, await small.add(hint))
                    waits.append(time.monotonic() - began)
                results = [await done(large, job) for job in jobs]
                seconds = time.monotonic() - started
        longest, *_, third = longest_steps_ms(bridge)[:3]
    print(
        f"{name}: {seconds:.1f} s; hints {max(waits):.2f} s, loop {longest} ms at most, then {third};",
        watch.peaks,
    )
    assert {result["durationMs"] for result in results} == {len(audio) // 32 // 1000 * 1000}
    # Work that a recording should not cost would show in all five; a busy machine's page faults treble one.
    assert third < 100
    assert longest < 300
    assert max(watch.peaks.values()) < 600
    assert max(waits) < 5
