"""The kinds of audio file: how each is told by its first bytes, and whether one is all there.

What a payload says of its audio is not believed; the bytes say what they are. FFmpeg plays what is left of a
file that was cut off and says nothing, so the structure of each kind is walked here: every part says how long
it is, and the last one has to end where the file ends. A walk reads lengths only, a few for each part.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of audio file.

    Attributes:
        name: what we call it; also the ending of a file's name by which providers know it.
        mime_type: its media type, without parameters.
        demuxer: FFmpeg's name of what reads it. Naming it keeps the others (playlists that open further
            files and addresses, for one) away from hostile input.
        is_whole: whether a file of the kind is all there.
    """

    name: str
    mime_type: str
    demuxer: str
    is_whole: Callable[[bytes], bool]


def sniff(audio: bytes) -> Container | None:
    """Tell what kind of file it is by its first bytes; None for anything else."""
    head = audio[:12]
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        name = "webm"
    elif head.startswith(b"OggS"):
        name = "ogg"
    elif head.startswith(b"RIFF") and head[8:] == b"WAVE":
        name = "wav"
    elif head.startswith(b"fLaC"):
        name = "flac"
    elif head[4:8] == b"ftyp":
        name = "mp4"
    elif head.startswith(b"ID3") or _mp3_frame(audio, 0):
        name = "mp3"
    else:
        return None
    return CONTAINERS[name]


_NOT_READ: Mapping[bytes, str] = MappingProxyType(
    {
        b"RF64": "RF64",
        b"BW64": "BW64",
        b"RIFX": "RIFX",
        b"riff": "Wave64",
        b"FORM": "AIFF",
        b"caff": "CAF",
        b"#!AMR": "AMR",
        b".snd": "AU",
        b"\x30\x26\xb2\x75": "WMA",
    }
)
"""Kinds of audio that are known and not read, by their first bytes; the first four are cousins of WAV."""


def name_of_unread(audio: bytes) -> str | None:
    """Name a kind of audio file that is not read; None for what is not known at all."""
    return next((name for head, name in _NOT_READ.items() if audio.startswith(head)), None)


def _webm_is_whole(audio: bytes) -> bool:
    """Walk the elements of EBML. Segment and Cluster are entered; a live one does not know its length."""
    at, end = 0, len(audio)
    while at < end:
        identifier, body = _ebml_number(audio, at, keep_mark=True)
        size, body = _ebml_number(audio, body, keep_mark=False)
        if body > end:
            return False
        enter = identifier in (0x18538067, 0x1F43B675)
        if size is None and not enter:
            return False
        if size is not None and body + size > end:
            return False
        at = body if enter or size is None else body + size
    return True


def _ebml_number(audio: bytes, at: int, *, keep_mark: bool) -> tuple[int | None, int]:
    """Read a number and where it ends: past the file if it does not end in it; None for "unknown"."""
    first = audio[at] if at < len(audio) else 0
    length = 9 - first.bit_length()
    if length > 8:
        return 0, len(audio) + 1
    value = int.from_bytes(audio[at : at + length], "big")
    mask = (1 << 7 * length) - 1
    if keep_mark:
        return value, at + length
    return None if value & mask == mask else value & mask, at + length


def _ogg_is_whole(audio: bytes) -> bool:
    at, end = 0, len(audio)
    while at < end:
        if audio[at : at + 4] != b"OggS" or at + 27 > end:
            return False
        segments = audio[at + 27 : at + 27 + audio[at + 26]]
        at += 27 + audio[at + 26] + sum(segments)
    return at == end


_UNKNOWN_LENGTH = 0x7FFF_F000
"""Who writes a WAV file into a pipe cannot know its length, and leaves it at 0, at the largest number, or
(SoX, arecord and others) at one near half of that. No recording of 2 GB can be sent."""


def _wav_is_whole(audio: bytes) -> bool:
    at = 12
    while at + 8 <= len(audio):
        size = int.from_bytes(audio[at + 4 : at + 8], "little")
        if audio[at : at + 4] == b"data":
            return size == 0 or size >= _UNKNOWN_LENGTH or at + 8 + size <= len(audio)
        at += 8 + size + size % 2
    return False


def _mp4_is_whole(audio: bytes) -> bool:
    at, end, described = 0, len(audio), False
    while at + 8 <= end:
        size, kind = int.from_bytes(audio[at : at + 4], "big"), audio[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(audio[at + 8 : at + 16], "big")
        elif size == 0:
            size = end - at
        if size < 8:
            return False
        described = described or kind == b"moov"
        at += size
    return at == end and described


def _mp3_is_whole(audio: bytes) -> bool:
    """Follow the frames from the first on; tags after the last are no part of them."""
    at = _after_id3(audio)
    while length := _mp3_frame(audio, at):
        at += length
    return at <= len(audio)


def _after_id3(audio: bytes) -> int:
    if not audio.startswith(b"ID3"):
        return 0
    size = 0
    for byte in audio[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


_MP3_KBIT = {
    # By whether it is MPEG 1, and the layer: 3, 2, 1.
    (True, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (False, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES = (44_100, 48_000, 32_000)


def _mp3_frame(audio: bytes, at: int) -> int:
    """Return the length of the frame that begins there; 0 if none does."""
    head = audio[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    kbit = _MP3_KBIT.get((version == 3, layer))
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if kbit is None or version == 1 or bits in (0, 15) or rate == 3:
        return 0
    hertz = _MP3_RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    per_bit = 72_000 if version != 3 and layer == 1 else 144_000
    return per_bit * kbit[bits] // hertz + (head[2] >> 1 & 1)


def _flac_is_whole(audio: bytes) -> bool:
    """Return whether its head is there. It says how many samples follow; who decodes them counts."""
    return len(audio) > 42


CONTAINERS: Mapping[str, Container] = MappingProxyType(
    {
        container.name: container
        for container in (
            Container("webm", "audio/webm", "matroska", _webm_is_whole),
            Container("ogg", "audio/ogg", "ogg", _ogg_is_whole),
            Container("wav", "audio/wav", "wav", _wav_is_whole),
            Container("mp3", "audio/mpeg", "mp3", _mp3_is_whole),
            Container("mp4", "audio/mp4", "mov", _mp4_is_whole),
            Container("flac", "audio/flac", "flac", _flac_is_whole),
        )
    }
)
"""Every kind that is read, by its name."""
