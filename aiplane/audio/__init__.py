"""Recordings: what kind of audio, whether it is all there, how long it is, and a form that providers read.

Whatever parses a stranger's audio runs in another process (:mod:`aiplane.audio.reader_program`), which is
confined, and killed when it takes too long. The programs that make these processes stand by. This module is
what the rest of the project calls.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, NonNegativeInt

from aiplane.audio.containers import name_of_unread, sniff
from aiplane.audio.pcm import read_samples_type
from aiplane.context.deadline import remaining
from aiplane.errors import TranscriptionFailedError
from aiplane.sandbox.pool import LONGEST_LINE, Answer, HelperPool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiplane.audio.containers import Container

log = logging.getLogger(__name__)

TIME_LIMIT_SECONDS = 60.0
"""Ten times what the longest recording takes that is read at all."""

LONGEST_ANSWER = 128 * 1024 * 1024
"""Bytes. Half an hour of converted audio is half of it."""

MOST_RECORDINGS = 50
"""How many recordings one process looks at. A process for each costs four times as much as its looking; and
whoever takes one over with a recording may tell lies about so many others, how long they are."""

_PROGRAM = Path(__file__).with_name("reader_program.py")

READERS = HelperPool(_PROGRAM, str(MOST_RECORDINGS))
"""The programs that look at recordings. Starting one takes 20 times as long as reading a short recording."""

CONVERTERS = HelperPool(_PROGRAM, "1")
"""The programs that convert them. What one person said can come out of nobody else's recording: the process
that converts it has never seen another."""

_Unfit = Literal["cut_off", "damaged", "no_sound", "too_long", "unknown_codec"]

_SENTENCES: Mapping[_Unfit, str] = MappingProxyType(
    {
        "cut_off": "The audio is cut off or damaged: its file ends before it should.",
        "damaged": "The audio is damaged or cut off, and cannot be decoded.",
        "no_sound": "The audio is empty: there is no sound in its file.",
        "too_long": "The audio is too long to be transcribed within a job's time.",
        "unknown_codec": "The audio's codec is not read here; send Opus, Vorbis, AAC, MP3, FLAC or PCM.",
    }
)


class _Reading(Answer):
    """A reader's answer about a file; ``size`` bytes of files follow it, of these ``lengths``."""

    size: Annotated[int, Field(ge=0, le=LONGEST_ANSWER)]
    unfit: _Unfit | None = None
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    silent: bool = False
    lengths: tuple[NonNegativeInt, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole audio file that can be decoded from its beginning to its end.

    Attributes:
        audio: the file. Somebody speaks in it, so ``repr`` leaves it out.
        container: what kind of file it is.
        duration_ms: how long it is, measured by decoding it.
        silent: whether nothing can be heard in it.
    """

    audio: bytes = field(repr=False)
    container: Container
    duration_ms: int
    silent: bool

    def pieces(self, seconds: float) -> list[memoryview]:
        """Convert it to WAV files (one channel, 16 kHz, 16 bits) of at most so many seconds each.

        All of them lie in one piece of memory: whoever needs ``bytes`` copies a file when its turn has come.

        Raises:
            TranscriptionFailedError: it is longer than half an hour, or there was no time left.
        """
        answer, files = _read(CONVERTERS, "pieces", self.container, self.audio, seconds=seconds)
        starts = [0, *accumulate(answer.lengths)]
        return [files[start:end] for start, end in pairwise(starts)]


def read_recording(audio: bytes, mime_type: str) -> Recording:
    """Look at a file that is said to be audio.

    Args:
        audio: the file, or raw samples.
        mime_type: what its sender says that it is. Only of raw samples it is believed; files say
            themselves what they are.

    Raises:
        TranscriptionFailedError: it is empty, cut off, damaged, or not audio of a kind that is read here.
    """
    if not audio:
        raise TranscriptionFailedError("The audio is empty.")
    samples, container = read_samples_type(mime_type), sniff(audio)
    # Two bytes of sound can look like the beginning of an MP3 file; the other kinds begin with whole words.
    if samples and (container is None or container.name == "mp3"):
        audio = samples.to_wav(audio)
        container = sniff(audio)
    if container is None:
        raise TranscriptionFailedError(_unknown(audio))
    answer, _ = _read(READERS, "inspect", container, audio)
    return Recording(audio, container, round(answer.seconds * 1000), answer.silent)


def _unknown(audio: bytes) -> str:
    if name := name_of_unread(audio):
        return f"The audio is {name}, which is not read here; send WebM, Ogg, WAV, MP3, MP4 or FLAC."
    return (
        "What was sent is not audio of a known kind: WebM, Ogg, WAV, MP3, MP4, FLAC, "
        "or raw PCM by its mimeType."
    )


def _read(
    readers: HelperPool, command: str, container: Container, audio: bytes, *, seconds: float = 0.0
) -> tuple[_Reading, memoryview]:
    """Ask one of the readers; return what it says and what it made."""
    question = {"command": command, "name": container.name, "seconds": seconds, "size": len(audio)}
    parts = (json.dumps(question).encode() + b"\n", audio)
    try:
        answer, files = readers.exchange(
            parts, min(TIME_LIMIT_SECONDS, remaining()), _whole_answer, LONGEST_ANSWER
        )
    except TimeoutError as error:
        raise TranscriptionFailedError("Reading the audio took too long.") from error
    except OSError as error:
        log.warning("the audio reader failed on %d bytes of %s (%s)", len(audio), container.name, error)
        raise TranscriptionFailedError(_SENTENCES["damaged"]) from error
    if answer.unfit:
        raise TranscriptionFailedError(_SENTENCES[answer.unfit])
    return answer, files


def _whole_answer(said: bytearray) -> tuple[_Reading, memoryview] | None:
    end = said.find(b"\n", 0, LONGEST_LINE)
    if end < 0:
        if len(said) >= LONGEST_LINE:
            raise ValueError("the line has no end")
        return None
    answer = _Reading.model_validate_json(said[:end])
    return (answer, memoryview(said)[end + 1 :]) if len(said) > end + answer.size else None
