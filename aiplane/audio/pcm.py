"""Raw samples: what their media type says of them, and the header that makes a WAV file of them."""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from itertools import pairwise
from sys import byteorder

from aiplane.errors import TranscriptionFailedError

_TYPES = {"audio/pcm", "audio/x-pcm", "audio/raw", "audio/x-raw", "audio/lpcm", "audio/l16"}
_RATE_NAMES = ("rate", "samplerate", "sample_rate", "sample-rate")

USUAL_RATE = 16_000
"""Samples a second where the media type does not say: what speech services work with."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples of 16 bits without a header.

    Attributes:
        rate: samples a second of one channel.
        channels: 1 or 2.
        big_endian: the order of the bytes; None where it has to be heard. ``audio/L16`` is big-endian by its
            definition, and little-endian as most programs write it.
    """

    rate: int
    channels: int
    big_endian: bool | None

    def to_wav(self, audio: bytes) -> bytes:
        """Return the samples as a WAV file.

        Raises:
            TranscriptionFailedError: they end within one.
        """
        if not audio or len(audio) % (2 * self.channels):
            raise TranscriptionFailedError("The audio is cut off: raw samples of 16 bits end within one.")
        swapped = _sounds_smoother_swapped(audio) if self.big_endian is None else self.big_endian
        return wav_header(len(audio), self.rate, self.channels) + (_swap(audio) if swapped else audio)


def read_samples_type(mime_type: str) -> Samples | None:
    """Read the media type of raw samples; None for any other type.

    Raises:
        TranscriptionFailedError: its rate or its number of channels makes no sense.
    """
    essence, *parameters = (part.strip() for part in mime_type.lower().split(";"))
    if essence not in _TYPES:
        return None
    given = dict(part.split("=", 1) for part in parameters if "=" in part)
    rate = next((given[name] for name in _RATE_NAMES if name in given), str(USUAL_RATE))
    channels = given.get("channels", "1")
    if not (rate.isdecimal() and len(rate) < 7 and 4_000 <= int(rate) <= 192_000) or channels not in (
        "1",
        "2",
    ):
        raise TranscriptionFailedError(
            "The mimeType of raw audio needs a rate of 4000 to 192000 and 1 or 2 channels, "
            "such as audio/pcm;rate=16000;channels=1."
        )
    order = given.get("endianness") if "endianness" in given or essence == "audio/l16" else "little-endian"
    return Samples(int(rate), int(channels), None if order is None else order == "big-endian")


def wav_header(size: int, rate: int, channels: int) -> bytes:
    """Return the header of a WAV file with ``size`` bytes of 16-bit samples."""
    shape = (1, channels, rate, rate * channels * 2, channels * 2, 16)
    return struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVEfmt ", 16, *shape, b"data", size)


def _swap(audio: bytes) -> bytes:
    samples = array("h", audio)
    samples.byteswap()
    return samples.tobytes()


def _sounds_smoother_swapped(audio: bytes) -> bool:
    """Return whether the samples are big-endian: sound is smooth, and in the wrong order it is noise."""

    def roughness(samples: array[int]) -> int:
        return sum(abs(after - before) for before, after in pairwise(samples))

    little = array("h", audio[:200_000])
    if byteorder == "big":
        little.byteswap()
    big = array("h", little)
    big.byteswap()
    return roughness(big) < roughness(little)
