"""``aiplane speak`` and ``aiplane listen``: the configured provider of speech by itself.

An operator hears with them whether a key works, before a candidate does.
"""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiplane.audio import read_recording
from aiplane.cli.input.files import audio_bytes
from aiplane.cli.terminal.screen import say, show_json
from aiplane.context import deadline
from aiplane.errors import TranscriptionError
from aiplane.providers import Providers
from aiplane.providers.speech import SpeechFailedError
from aiplane.providers.speech.listening import listen as write_down
from aiplane.settings import Settings

if TYPE_CHECKING:
    from aiplane.providers.speech import SpeechToText, TextToSpeech

TIMEOUT_SECONDS = 60.0
"""How long a provider is waited for."""

_language = click.option("--language", metavar="TAG", help="The language of the words, such as en-GB.")


@click.command()
@click.argument("text")
@_language
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    help="Where to put the audio: speech.mp3 or speech.ogg unless told otherwise; - is standard output.",
)
def speak(text: str, language: str | None, output: str | None) -> None:
    """Read TEXT aloud with the provider that TTS_PROVIDER names."""
    with closing(Providers(Settings.load())) as providers:
        voice = providers.text_to_speech
        if voice is None:
            raise click.UsageError("TTS_PROVIDER is none: set it to openai, google or azure.")
        _speak(voice, text, language, output)


def _speak(voice: TextToSpeech, text: str, language: str | None, output: str | None) -> None:
    if not text.strip() or len(text.encode(errors="replace")) > voice.max_bytes:
        raise click.BadParameter(f"must be 1 to {voice.max_bytes} bytes long.", param_hint="TEXT")
    started = time.monotonic()
    try:
        with deadline.within(TIMEOUT_SECONDS):
            audio = voice.synthesize(text, language=language)
    except SpeechFailedError as error:
        raise click.ClickException(error.sentence) from error
    seconds = time.monotonic() - started
    output = output or f"speech.{voice.container.name}"
    _write(output, audio)
    what = f"{len(audio)} bytes of {voice.container.mime_type}"
    say(f"{voice.provider} read it aloud in {seconds:.2f} s: {what}.")
    if output != "-":
        say(f"The audio is in {output}.")


@click.command()
@click.argument("file", type=audio_bytes)
@_language
@click.option(
    "--mime-type",
    default="application/octet-stream",
    metavar="TYPE",
    help="Of raw samples only, such as audio/pcm;rate=16000; a file says itself what it is.",
)
def listen(file: bytes, language: str | None, mime_type: str) -> None:
    """Write down what is said in FILE with the provider that STT_PROVIDER names. - is standard input."""
    settings = Settings.load()
    with closing(Providers(settings)) as providers:
        service = providers.speech_to_text
        if service is None:
            raise click.UsageError("STT_PROVIDER is none: set it to openai, google or azure.")
        _listen(service, file, settings, language=language or settings.stt_language, mime_type=mime_type)


def _listen(
    service: SpeechToText, file: bytes, settings: Settings, *, language: str | None, mime_type: str
) -> None:
    if len(file) > settings.stt_max_audio_size_mb * 1024 * 1024:
        raise click.BadParameter(
            f"holds more than {settings.stt_max_audio_size_mb} MB (STT_MAX_AUDIO_SIZE_MB).", param_hint="FILE"
        )
    started = time.monotonic()
    try:
        with deadline.within(TIMEOUT_SECONDS):
            recording = read_recording(file, mime_type)
            transcript = write_down(recording, service, language)
    except TranscriptionError as error:
        raise click.ClickException(error.sentence) from error
    if recording.silent:
        say("Nothing can be heard in it, so nobody was asked.")
    else:
        say(f"{service.provider} wrote it down in {time.monotonic() - started:.2f} s.")
    told = {"text": transcript.text, "language": transcript.language, "durationMs": recording.duration_ms}
    show_json({name: value for name, value in told.items() if value is not None})


COMMANDS = (speak, listen)


def _write(output: str, audio: bytes) -> None:
    if output == "-":
        sys.stdout.buffer.write(audio)
        return
    try:
        Path(output).write_bytes(audio)
    except OSError as error:
        raise click.BadParameter(f"{output} cannot be written: {error.strerror}.") from error
