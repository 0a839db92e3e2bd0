"""``aiplane doctor``: every dependency that is configured, tried once, and what to do about what is wrong."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from aiplane import deadline
from aiplane.audio import read_recording
from aiplane.audio.pcm import wav_header
from aiplane.cli.faults import DoctorFailedError, RedisFaultError, naming_redis
from aiplane.cli.response_formats import what_is_wrong_with_the_model
from aiplane.connections import connect
from aiplane.errors import JobError
from aiplane.fitness import examine
from aiplane.providers import Providers
from aiplane.settings import Settings
from aiplane.speech import SpeechFailedError
from aiplane.speech.listening import listen
from aiplane.storage_errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 30.0
"""How long each dependency is waited for."""

PROBE_KEY = "aiplane-doctor.txt"
"""What is put into the bucket and removed again."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one dependency is, how it is configured, and what is wrong with it; nothing if that is empty."""

    name: str
    configured: str
    wrong: str = ""
    used: bool = True

    @property
    def verdict(self) -> str:
        """The state in a word."""
        if not self.used:
            return "not used"
        return "wrong" if self.wrong else "works"


@click.command()
def doctor() -> None:
    """Try everything that is configured: Redis, the language model, speech both ways, the bucket.

    Each is asked for something once: a few words, so it costs next to nothing. The exit status is 1 if any
    of them does not work.
    """
    findings = examine_all(Settings.load())
    table = Table("what", "configured", "state", "what to do")
    for finding in findings:
        colour = {"works": "green", "wrong": "red"}.get(finding.verdict, "dim")
        table.add_row(finding.name, finding.configured, f"[{colour}]{finding.verdict}", finding.wrong)
    Console().print(table)
    if wrong := [finding.name for finding in findings if finding.wrong]:
        raise DoctorFailedError(f"not as it should be: {', '.join(wrong)}")


def examine_all(settings: Settings) -> list[Finding]:
    """Try every dependency, all at once; what raises nothing works."""
    with closing(Providers(settings)) as providers:
        return _examine(settings, providers)


def _examine(settings: Settings, providers: Providers) -> list[Finding]:
    checks = (
        lambda: _redis(settings),
        lambda: _model(settings),
        lambda: _voice(settings, providers),
        lambda: _ear(settings, providers),
        lambda: _bucket(settings, providers),
        _seccomp,
    )
    with ThreadPoolExecutor(len(checks), thread_name_prefix="doctor") as threads:
        return list(threads.map(lambda check: check(), checks))


def _redis(settings: Settings) -> Finding:
    async def look() -> list[str]:
        async with connect(settings.redis_url, name="aiplane:doctor") as redis:
            return [finding.sentence for finding in await examine(redis)]

    try:
        with naming_redis(settings.redis_url):
            wrong = " ".join(asyncio.run(look()))
    except RedisFaultError as error:
        wrong = str(error)
    return Finding("Redis", "REDIS_URL", wrong)


def _model(settings: Settings) -> Finding:
    if settings.llm_provider == "offline":
        return Finding("language model", "LLM_PROVIDER=offline: the coach that needs none", used=False)
    configured = f"LLM_PROVIDER={settings.llm_provider}, {settings.model('hint')}"
    return Finding("language model", configured, what_is_wrong_with_the_model(settings))


def _voice(settings: Settings, providers: Providers) -> Finding:
    configured, voice = f"TTS_PROVIDER={settings.tts_provider}", providers.text_to_speech
    if voice is None:
        return Finding("text to speech", configured, used=False)
    return Finding("text to speech", configured, _complaint(lambda: voice.synthesize("Yes.", language=None)))


def _ear(settings: Settings, providers: Providers) -> Finding:
    configured, ear = f"STT_PROVIDER={settings.stt_provider}", providers.speech_to_text
    if ear is None:
        return Finding("speech to text", configured, used=False)
    return Finding(
        "speech to text",
        configured,
        _complaint(lambda: listen(read_recording(_tone(), "audio/wav"), ear, settings.stt_language)),
    )


def _bucket(settings: Settings, providers: Providers) -> Finding:
    storage = providers.storage
    if storage is None:
        return Finding("storage", "no S3_* settings", used=False)

    def keep() -> None:
        storage.check()
        storage.put(PROBE_KEY, b"aiplane doctor was here\n", mime_type="text/plain", note="")
        storage.get(PROBE_KEY, limit=1024)
        storage.remove(PROBE_KEY)

    return Finding("storage", f"S3_BUCKET={settings.s3_bucket}", _complaint(keep))


def _seccomp() -> Finding:
    """Have a process confine itself. One that cannot is no fault: it works, and is less safe."""
    program = "import os; from aiplane.confinement import confine; os._exit(not confine())"
    tried = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603 -- our own program
    if tried.returncode:
        return Finding(
            "seccomp", "nothing confines what reads recordings and code: is there a libseccomp?", used=False
        )
    return Finding("seccomp", "confines what reads recordings and code")


def _complaint(work: Callable[[], object]) -> str:
    """Run a trial and return the sentence of what it raises; empty if it raises nothing."""
    try:
        with deadline.within(PATIENCE_SECONDS):
            work()
    except (JobError, SpeechFailedError, StorageError) as error:
        return error.sentence
    return ""


def _tone() -> bytes:
    """Return half a second of a tone as a WAV file: audible, and no words in it."""
    samples = bytes(byte for at in range(8_000) for byte in ((at * 257) & 0x3FFF).to_bytes(2, "little"))
    return wav_header(len(samples), 16_000, 1) + samples
