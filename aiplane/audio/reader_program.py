"""The program that reads audio with FFmpeg, in processes that are confined.

Not a module to import: :mod:`aiplane.audio` runs it, and says how many recordings one process may read. A
question is a line of JSON, ``{"command": "inspect" or "pieces", "name": the kind of file, "seconds",
"size"}``, with the file after it; the answer is a line of JSON with its ``size``, and so many bytes of files
after it.

FFmpeg is a great deal of C that reads whatever a stranger sends. Here it has no secret, no file, no
connection, a bounded memory and a bounded time (:mod:`aiplane.sandbox.seccomp`), and nothing else dies with
it: the program loads it once and forks. The process takes its questions itself, and no byte of a file is ever
in the program that the next process is made of. It is replaced after a file that FFmpeg stumbled over; where
the system cannot confine it, after each. Where it fails, the program ends as well, since half an answer may
have been written.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
from array import array
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import av
import av.logging
from av.error import FFmpegError

from aiplane.audio.containers import CONTAINERS
from aiplane.audio.pcm import wav_header
from aiplane.sandbox.seccomp import confine, limit_cpu

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiplane.audio.containers import Container

LONGEST_SECONDS = 2 * 60 * 60
"""No provider transcribes more than this within a job's time; 25 MB of silence can be days."""

LONGEST_CONVERTED_SECONDS = 30 * 60
"""Converted audio is held in memory: half an hour is 58 MB."""

RATE = 16_000
"""Samples a second of what is converted: what speech services work with."""

SILENCE = 0.001
"""A peak of a thousandth of full scale is 60 dB below it: nothing that a microphone hears is so quiet."""

SHORTEST_SECONDS = 0.1
"""Nothing can be said in less, and providers refuse it."""

_CPU_SECONDS = 60
_MEMORY_BYTES = 512 * 1024 * 1024
_BAD_SHARE = 0.1
_SOON_SECONDS = 1.0
_CODECS = {"aac", "alac", "flac", "libopus", "mp3", "mp3float", "opus", "vorbis"}

_SAMPLES: Mapping[str, tuple[str, int, int]] = MappingProxyType(
    {
        "u8": ("B", 128, 128),
        "s16": ("h", 0, 1 << 15),
        "s32": ("i", 0, 1 << 31),
        "s64": ("q", 0, 1 << 63),
        "flt": ("f", 0, 1),
        "dbl": ("d", 0, 1),
    }
)
"""By FFmpeg's name for a kind of sample: Python's letter for it, silence, and how far from that it can be."""


class UnfitError(Exception):
    """Audio that cannot be used; the message is one of the words that :mod:`aiplane.audio` knows."""


def open_file(audio: bytes, container: Container) -> av.container.InputContainer:
    """Open a file, and run no decoder yet.

    FFmpeg would run one for each stream, for pictures too, to guess at what the file does not say.
    """
    return av.open(
        io.BytesIO(audio),
        "r",
        format=container.demuxer,
        container_options={"codec_whitelist": "none"},
        metadata_errors="replace",
    )


def frames(audio: bytes, container: Container, longest: float) -> Iterator[av.AudioFrame]:
    """Decode the first audio stream of a file."""
    if not container.is_whole(audio):
        raise UnfitError("cut_off")
    with open_file(audio, container) as opened:
        if not opened.streams.audio:
            raise UnfitError("no_sound")
        stream = opened.streams.audio[0]
        if not (stream.codec_context.name in _CODECS or stream.codec_context.name.startswith("pcm_")):
            raise UnfitError("unknown_codec")
        seconds = 0.0
        for frame in _decoded(opened, stream):
            seconds += frame.samples / frame.sample_rate
            if seconds > longest:
                raise UnfitError("too_long")
            yield frame
        # FLAC says how long it is; other kinds guess, or were walked to their end.
        declared = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        if container.name == "flac" and seconds < declared - 0.01:
            raise UnfitError("cut_off")


def _decoded(opened: av.container.InputContainer, stream: av.AudioStream) -> Iterator[av.AudioFrame]:
    packets = bad = 0
    for packet in opened.demux(stream):
        packets += 1
        try:
            yield from packet.decode()
        except FFmpegError:
            bad += 1
    if bad > packets * _BAD_SHARE:
        raise UnfitError("damaged")


def _plain(resampler: av.AudioResampler, frame: av.AudioFrame | None) -> Iterator[array[int]]:
    """Yield a frame in one channel of :data:`RATE` samples a second; None brings what was held back."""
    for plain in resampler.resample(frame):
        yield array("h", bytes(plain.planes[0])[: plain.samples * 2])


def _resampler() -> av.AudioResampler:
    return av.AudioResampler(format="s16", layout="mono", rate=RATE)


def peak(samples: Sequence[float], silence: int = 0) -> float:
    """Return how far the samples are from silence."""
    return max(max(samples, default=silence) - silence, silence - min(samples, default=silence))


def loudness(frame: av.AudioFrame) -> float:
    """Return how far a frame is from silence: 1 is full scale, and samples that are floats can be past it."""
    letter, silence, full_scale = _SAMPLES[frame.format.name.removesuffix("p")]
    planes = [bytes(plane) for plane in frame.planes]
    size = frame.samples * frame.layout.nb_channels // len(planes) * frame.format.bytes
    return max(peak(array(letter, plane[:size]), silence) for plane in planes) / full_scale


def inspect(audio: bytes, container: Container) -> tuple[dict[str, Any], list[bytes]]:
    """Measure how long the audio is, and whether anything can be heard in it."""
    seconds, loudest, resampler = 0.0, 0.0, _resampler()
    for frame in frames(audio, container, LONGEST_SECONDS):
        seconds += frame.samples / frame.sample_rate
        if loudest <= SILENCE:
            # Most have sound in them at once, and to convert takes as long as to decode. Where there is much
            # to look at, it pays: it leaves fewer samples.
            looked_at = [frame] if seconds < _SOON_SECONDS else resampler.resample(frame)
            loudest = max(map(loudness, looked_at), default=0.0)
    if not seconds:
        raise UnfitError("no_sound")
    return {"seconds": seconds, "silent": loudest <= SILENCE or seconds < SHORTEST_SECONDS}, []


def pieces(audio: bytes, container: Container, seconds: float) -> tuple[dict[str, Any], list[bytes]]:
    """Convert the audio to WAV files of at most so many seconds, cut where it is quietest."""
    files, rest, resampler = [], array("h"), _resampler()
    most = int(seconds * RATE)
    for frame in frames(audio, container, LONGEST_CONVERTED_SECONDS):
        for samples in _plain(resampler, frame):
            rest.extend(samples)
        while len(rest) > most:
            cut = _quietest(rest, most)
            files.append(_wav(rest[:cut]))
            rest = rest[cut:]
    for samples in _plain(resampler, None):
        rest.extend(samples)
    files.append(_wav(rest))
    return {"lengths": [len(file) for file in files]}, files


def _quietest(samples: array[int], most: int) -> int:
    """Return where to cut: in the quietest tenth of a second of the last five before ``most``."""
    window = RATE // 10
    starts = range(max(most // 2, most - 50 * window), most - window + 1, window)
    # Of several, the latest: the fewer pieces, the better.
    return min(starts, key=lambda start: (peak(samples[start : start + window]), -start)) + window // 2


def _wav(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return wav_header(2 * len(samples), RATE, 1) + samples.tobytes()


def main(recordings: int) -> None:
    """Answer questions until there are no more; one process answers so many."""
    av.logging.set_level(None)
    rehearse()
    while delegate(recordings):
        pass


def rehearse() -> None:
    """Read a recording of our own: what is done at the first one, no forked process has to do again."""
    inspect(_wav(array("h", bytes(RATE // 10))), CONTAINERS["wav"])


def delegate(recordings: int) -> bool:
    """Fork a process that answers, and wait until it ends; return whether there may be more to answer."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if answer_some(recordings) else 1
        finally:
            os._exit(status)  # without what Python would do: it is the parent's to do
    return os.waitpid(child, 0)[1] == 0


def answer_some(recordings: int) -> bool:
    """Answer so many questions, fewer if one should be the last; return False if there are no more."""
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if not confine():
        recordings = 1
    for _ in range(recordings):
        if not (line := sys.stdin.buffer.readline()):
            return False
        question = json.loads(line)
        limit_cpu(_CPU_SECONDS)
        said = answer(question, sys.stdin.buffer.read(question["size"]))
        if "unfit" in said:
            break
    return True


def answer(question: dict[str, Any], audio: bytes) -> dict[str, Any]:
    """Do what a question says with a file; write one line of JSON, which is returned, then any files."""
    container = CONTAINERS[question["name"]]
    files: list[bytes] = []
    try:
        if question["command"] == "inspect":
            said, files = inspect(audio, container)
        else:
            said, files = pieces(audio, container, question["seconds"])
    except UnfitError as error:
        said = {"unfit": str(error)}
    except FFmpegError:
        said = {"unfit": "damaged"}
    said["size"] = sum(map(len, files))
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
    for file in files:
        sys.stdout.buffer.write(file)
    sys.stdout.buffer.flush()
    return said


if __name__ == "__main__":
    main(int(sys.argv[1]))
