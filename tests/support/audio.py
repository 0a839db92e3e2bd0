"""Audio for tests, made here: a tone that swells like speech, in every kind of file that is read."""

from __future__ import annotations

import io
import math
from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Kind:
    """Recipe of one kind of file.

    Attributes:
        container: what :func:`aiplane.audio.containers.sniff` calls it.
        mime_type: what its sender says of it.
        muxer, codec, rate, options: FFmpeg's.
    """

    container: str
    mime_type: str
    muxer: str
    codec: str
    rate: int
    options: Mapping[str, str] = field(default_factory=dict)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "webm": Kind("webm", "audio/webm;codecs=opus", "webm", "libopus", 48_000),
        # As a browser's MediaRecorder writes it: nobody knows yet how long it will be.
        "webm-live": Kind("webm", "audio/webm; codecs=opus", "webm", "libopus", 48_000, {"live": "1"}),
        "ogg": Kind("ogg", "audio/ogg;codecs=opus", "ogg", "libopus", 48_000),
        "wav": Kind("wav", "audio/wav", "wav", "pcm_s16le", 16_000),
        "mp3": Kind("mp3", "audio/mpeg", "mp3", "libmp3lame", 44_100),
        "mp3-plain": Kind("mp3", "audio/mp3", "mp3", "libmp3lame", 22_050, {"write_xing": "0"}),
        "m4a": Kind("mp4", "audio/x-m4a", "ipod", "aac", 44_100),
        "mp4-fragments": Kind(
            "mp4", "audio/mp4", "mp4", "aac", 48_000, {"movflags": "frag_keyframe+empty_moov"}
        ),
        "flac": Kind("flac", "audio/flac", "flac", "flac", 44_100),
    }
)


def samples(seconds: float, rate: int = 16_000, *, loudness: float = 0.3) -> bytes:
    """Return a tone of 220 Hz as 16-bit samples; ``loudness`` 0 is silence."""
    top = loudness * 32_767
    one = array(
        "h",
        (
            int(top * math.sin(2 * math.pi * 220 * at / rate) * (0.6 + 0.4 * math.sin(9 * at / rate)))
            for at in range(int(seconds * rate))
        ),
    )
    return one.tobytes()


@cache
def recording(kind: str, seconds: float = 1.0, *, comment: str = "", loudness: float = 0.3) -> bytes:
    """Return a file of one of :data:`KINDS`.

    Args:
        kind: its name there.
        seconds: how long it is.
        comment: text in the file, beside the sound: where a test writes what the provider is to do.
        loudness: of its tone.
    """
    how = KINDS[kind]
    return encoded(samples(seconds, how.rate, loudness=loudness), how, comment)


def encoded(pcm: bytes, how: Kind, comment: str = "") -> bytes:
    """Return 16-bit samples as a file."""
    written = io.BytesIO()
    with av.open(written, "w", format=how.muxer, options=dict(how.options)) as file:
        if comment:
            file.metadata["comment"] = comment
        stream = file.add_stream(how.codec, rate=how.rate, layout="mono")
        if pcm:
            file.mux(stream.encode(_frame(pcm, how.rate)))
        file.mux(stream.encode(None))
    return written.getvalue()


def filmed(seconds: float = 0.5) -> bytes:
    """Return a WebM file with a tone and a black picture: what a browser records of a camera."""
    written = io.BytesIO()
    with av.open(written, "w", format="webm") as file:
        picture = file.add_stream("libvpx", rate=10)
        picture.width = picture.height = 64
        sound = file.add_stream("libopus", rate=48_000, layout="mono")
        for number in range(int(seconds * 10)):
            image = av.VideoFrame(64, 64, "yuv420p")
            for plane in image.planes:
                plane.update(bytes(plane.buffer_size))
            image.pts, image.time_base = number, Fraction(1, 10)
            file.mux(picture.encode(image))
        file.mux(sound.encode(_frame(samples(seconds, 48_000), 48_000)))
        file.mux([*picture.encode(None), *sound.encode(None)])
    return written.getvalue()


def _frame(pcm: bytes, rate: int) -> av.AudioFrame:
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
    frame.planes[0].update(pcm)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return frame


def seconds_of(audio: bytes) -> float:
    """Play a file to its end; return how long that takes."""
    with av.open(io.BytesIO(audio)) as file:
        return float(sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0)))
