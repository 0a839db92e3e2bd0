"""Speech both ways: a word read aloud, and a tone listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiplane.audio import read_recording
from aiplane.audio.pcm import wav_header
from aiplane.cli.checks.finding import Finding, complaint
from aiplane.providers.speech.listening import listen

if TYPE_CHECKING:
    from aiplane.providers import Providers
    from aiplane.settings import Settings


def voice(settings: Settings, providers: Providers) -> Finding:
    """Have a word read aloud."""
    configured, speaker = f"TTS_PROVIDER={settings.tts_provider}", providers.text_to_speech
    if speaker is None:
        return Finding("text to speech", configured, used=False)
    return Finding("text to speech", configured, complaint(lambda: speaker.synthesize("Yes.", language=None)))


def ear(settings: Settings, providers: Providers) -> Finding:
    """Have half a second of a tone transcribed."""
    configured, listener = f"STT_PROVIDER={settings.stt_provider}", providers.speech_to_text
    if listener is None:
        return Finding("speech to text", configured, used=False)
    return Finding(
        "speech to text",
        configured,
        complaint(lambda: listen(read_recording(_tone(), "audio/wav"), listener, settings.stt_language)),
    )


def _tone() -> bytes:
    """Return half a second of a tone as a WAV file: audible, and no words in it."""
    samples = bytes(byte for at in range(8_000) for byte in ((at * 257) & 0x3FFF).to_bytes(2, "little"))
    return wav_header(len(samples), 16_000, 1) + samples
