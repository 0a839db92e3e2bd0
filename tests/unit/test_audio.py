"""Recordings: what is told of them, and what is refused before anybody is paid."""

from __future__ import annotations

import random
import resource
import time
from array import array
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import av
import psutil
import pytest

from aiplane.audio import CONVERTERS, MOST_RECORDINGS, READERS, _read, read_recording
from aiplane.audio import reader_program as reader
from aiplane.audio.containers import CONTAINERS, sniff
from aiplane.audio.pcm import read_samples_type, wav_header
from aiplane.context import deadline
from aiplane.errors import TranscriptionFailedError
from aiplane.sandbox.pool import _Standby
from tests.support.audio import KINDS, encoded, filmed, recording, samples, seconds_of
from tests.support.seccomp import hide_seccomp, needs_seccomp

if TYPE_CHECKING:
    from aiplane.audio.containers import Container
    from aiplane.sandbox.pool import HelperPool

MEGABYTE = 1024 * 1024


def refused(audio: bytes, mime_type: str = "audio/webm") -> str:
    with pytest.raises(TranscriptionFailedError) as raised:
        read_recording(audio, mime_type)
    return raised.value.sentence


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_says_itself_what_it_is_and_how_long(kind: str) -> None:
    told = read_recording(recording(kind, 1.0), "text/plain")

    assert told.container.name == KINDS[kind].container
    assert 990 <= told.duration_ms <= 1080
    assert not told.silent
    assert told.audio == recording(kind, 1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.03, 0.5, 0.9])
def test_a_file_that_was_cut_off_is_refused(kind: str, part: float) -> None:
    whole = recording(kind, 1.0)

    assert "cut off" in refused(whole[: int(len(whole) * part)])


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_its_last_byte_is_refused(kind: str) -> None:
    assert "cut off" in refused(recording(kind, 1.0)[:-1])


@pytest.mark.parametrize("kind", KINDS)
def test_noise_behind_the_head_of_a_file_is_refused(kind: str) -> None:
    noise = random.Random(1).randbytes(4_000)

    assert "audio" in refused(recording(kind, 1.0)[:200] + noise)


@pytest.mark.parametrize(
    "audio",
    [b"", b"\0", b"\x1a\x45\xdf\xa3", b"RIFF", b"OggS", b"I am a text.", b"<!doctype html>", bytes(1000)],
)
def test_what_is_no_audio_is_refused(audio: bytes) -> None:
    assert refused(audio).startswith(("The audio is", "What was sent is not audio"))


@pytest.mark.parametrize("kind", ["webm", "wav", "flac", "ogg"])
def test_a_file_without_sound_is_refused(kind: str) -> None:
    assert refused(recording(kind, 0.0)).startswith("The audio is")


@pytest.mark.parametrize("loudness", [0.0, 0.0005])
@pytest.mark.parametrize("kind", KINDS)
def test_silence_is_heard_as_such(kind: str, loudness: float) -> None:
    assert read_recording(recording(kind, 1.0, loudness=loudness), "").silent


@pytest.mark.parametrize("codec", ["u8", "s16le", "s24le", "s32le", "s64le", "f32le", "f64le", "alaw"])
@pytest.mark.parametrize(("loudness", "silent"), [(0.3, False), (0.0005, True)])
def test_silence_is_heard_in_every_kind_of_sample(codec: str, loudness: float, silent: bool) -> None:
    # In 8 bits there is nothing between silence and what can be heard.
    faint = 0.0 if codec == "u8" and silent else loudness
    audio = encoded(samples(0.5, loudness=faint), replace(KINDS["wav"], codec=f"pcm_{codec}"))

    assert read_recording(audio, "audio/wav").silent is silent


@pytest.mark.parametrize("kind", ["wav", "webm"])
@pytest.mark.parametrize("pause", [0.5, 2.5])
def test_one_word_after_a_pause_is_no_silence(kind: str, pause: float) -> None:
    audio = encoded(
        samples(pause, KINDS[kind].rate, loudness=0.0) + samples(0.3, KINDS[kind].rate), KINDS[kind]
    )

    assert not read_recording(audio, "").silent


def test_a_long_silence_is_silence() -> None:
    assert read_recording(recording("webm", 3.0, loudness=0.0), "").silent


@pytest.mark.parametrize(
    ("kept", "planes"),
    [("s16p", [array("h", [0] * 32), array("h", [1 << 14] * 32)]), ("s16", [array("h", [0, 1 << 14] * 32)])],
)
def test_sound_in_one_of_two_channels_is_no_silence(kept: str, planes: list[array[int]]) -> None:
    frame = av.AudioFrame(format=kept, layout="stereo", samples=32)
    for plane, values in zip(frame.planes, planes, strict=True):
        plane.update(values.tobytes())

    assert reader.loudness(frame) == 0.5


def test_a_click_is_too_short_for_a_word() -> None:
    assert read_recording(recording("wav", 0.05), "audio/wav").silent


@pytest.mark.parametrize(
    ("size", "by"),
    [
        (0, "nobody"),
        (0xFFFFFFFF, "FFmpeg"),
        (0x7FFFF000, "SoX"),
        (0x80000000, "arecord"),
        (0x7FFFFFFF, "the largest number with a sign"),
        (0x7FFFFFFF - 36, "the same without the header"),
        (0xFFFF0000, "GStreamer"),
    ],
)
def test_whoever_writes_into_a_pipe_does_not_know_the_length_of_a_wav(size: int, by: str) -> None:
    pcm = samples(1.0)
    whole_size = min(size + 36, 0xFFFFFFFF).to_bytes(4, "little")
    header = wav_header(len(pcm), 16_000, 1)

    told = read_recording(b"RIFF" + whole_size + header[8:40] + size.to_bytes(4, "little") + pcm, "audio/wav")

    assert (told.container.name, told.duration_ms) == ("wav", 1000), by


@pytest.mark.parametrize("size", [1_000_000, 0x7FFFEFFF])
def test_a_wav_that_knows_its_length_is_cut_off_where_less_is_there(size: int) -> None:
    header = wav_header(0, 16_000, 1)[:40] + size.to_bytes(4, "little")

    assert "cut off" in refused(header + samples(1.0))


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"RF64\xff\xff\xff\xffWAVEds64", "RF64"),
        (b"BW64\xff\xff\xff\xffWAVEds64", "BW64"),
        (b"RIFX\x00\x00\x10\x00WAVEfmt ", "RIFX"),
        (b"FORM\x00\x00\x10\x00AIFFCOMM", "AIFF"),
        (b"caff\x00\x01\x00\x00desc", "CAF"),
        (b"#!AMR\n", "AMR"),
    ],
)
def test_a_kind_that_is_not_read_is_refused_by_its_name(head: bytes, name: str) -> None:
    assert f"The audio is {name}, which is not read here; send " in refused(head + bytes(1000))


def test_tags_behind_the_last_frame_of_an_mp3_are_no_damage() -> None:
    tagged = recording("mp3-plain", 1.0) + b"TAG" + bytes(125)

    assert read_recording(tagged, "audio/mpeg").duration_ms > 990


# Raw samples


@pytest.mark.parametrize(
    ("mime_type", "rate"),
    [
        ("audio/pcm", 16_000),
        ("audio/pcm;rate=24000", 24_000),
        ("audio/pcm; rate=8000; channels=1", 8_000),
        ("AUDIO/L16;RATE=44100", 44_100),
        ("audio/x-raw;sample_rate=48000", 48_000),
    ],
)
def test_raw_samples_are_what_their_type_says(mime_type: str, rate: int) -> None:
    told = read_recording(samples(1.0, rate), mime_type)

    assert (told.container.name, told.duration_ms) == ("wav", 1000)
    assert told.audio.endswith(samples(1.0, rate))


@pytest.mark.parametrize("mime_type", ["audio/l16;rate=16000", "audio/pcm;rate=16000;endianness=big-endian"])
def test_the_order_of_bytes_is_told_or_heard(mime_type: str) -> None:
    big = array("h", samples(1.0))
    big.byteswap()

    assert read_recording(big.tobytes(), mime_type).audio.endswith(samples(1.0))


def test_two_channels_are_half_as_long() -> None:
    assert read_recording(samples(1.0), "audio/pcm;channels=2").duration_ms == 500


@pytest.mark.parametrize("parameters", ["rate=0", "rate=1e9", "rate=", "rate=9999999999", "channels=6"])
def test_a_type_that_makes_no_sense_is_refused(parameters: str) -> None:
    assert "audio/pcm;rate=16000" in refused(samples(0.1), f"audio/pcm;{parameters}")


def test_raw_samples_that_end_within_one_are_cut_off() -> None:
    assert "cut off" in refused(samples(0.1)[:-1], "audio/pcm")


def test_raw_samples_that_begin_like_an_mp3_are_samples() -> None:
    audio = recording("mp3-plain", 0.5)[:4_000]
    assert sniff(audio) is CONTAINERS["mp3"]

    assert read_recording(audio, "audio/pcm").container.name == "wav"


def test_a_file_that_is_said_to_be_samples_is_a_file() -> None:
    assert read_recording(recording("webm", 0.5), "audio/pcm").container.name == "webm"


def test_other_types_are_no_samples() -> None:
    assert read_samples_type("audio/webm;codecs=pcm") is None


def test_a_recording_with_a_picture_is_heard() -> None:
    told = read_recording(filmed(0.5), "video/webm")

    assert (told.container.name, told.duration_ms, told.silent) == ("webm", 500, False)


# Conversion


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_converted(kind: str) -> None:
    [piece] = read_recording(recording(kind, 1.0), "").pieces(55.0)

    assert sniff(bytes(piece)) is CONTAINERS["wav"]
    assert 0.98 < seconds_of(bytes(piece)) < 1.09


def test_pieces_are_cut_where_it_is_quiet() -> None:
    loud, pause = samples(2.0), samples(0.4, loudness=0.0)
    audio = loud + pause + loud + pause + loud
    told = read_recording(wav_header(len(audio), 16_000, 1) + audio, "audio/wav")

    lengths = [seconds_of(bytes(piece)) for piece in told.pieces(3.0)]

    assert [round(length, 1) for length in lengths] == pytest.approx([2.2, 2.4, 2.2], abs=0.25)
    assert sum(lengths) == pytest.approx(6.8, abs=0.01)


# Hostile input


@pytest.mark.parametrize("kind", ["webm", "ogg", "wav", "mp3", "m4a", "flac"])
def test_damage_anywhere_ends_in_a_recording_or_a_refusal(kind: str) -> None:
    dice, whole = random.Random(kind), recording(kind, 0.3)
    for _ in range(12):
        audio = bytearray(whole)
        for _ in range(dice.randrange(1, 40)):
            audio[dice.randrange(len(audio))] = dice.randrange(256)
        with suppress(TranscriptionFailedError):
            read_recording(bytes(audio), "audio/webm")


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_the_walk_of_a_file_ends_on_any_bytes(container: Container) -> None:
    dice = random.Random(2)
    for size in range(0, 400, 7):
        container.is_whole(dice.randbytes(size))
        container.is_whole(b"\x1a\x45\xdf\xa3" + bytes(size) + dice.randbytes(size))
        container.is_whole(b"OggS" + bytes(size))


def test_a_playlist_is_not_followed() -> None:
    for text in (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", b"ffconcat version 1.0\nfile /etc/passwd\n"):
        assert "not audio" in refused(text, "audio/mpeg")


def test_no_decoder_of_pictures_runs() -> None:
    with reader.open_file(filmed(), CONTAINERS["webm"]) as file:
        [picture] = file.streams.video

        # Only from what it decodes FFmpeg knows how the pixels are kept.
        assert (picture.codec_context.name, picture.pix_fmt) == ("vp8", None)


def test_reading_ends_with_the_deadline() -> None:
    with deadline.within(0), pytest.raises(TranscriptionFailedError, match="too long"):
        read_recording(recording("webm", 1.0), "audio/webm")


def test_the_reader_gets_none_of_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    READERS.close()
    read_recording(recording("wav", 0.2), "audio/wav")

    [program] = READERS._idle
    variables = Path(f"/proc/{program._process.pid}/environ").read_bytes().split(b"\0")
    assert {variable.partition(b"=")[0] for variable in variables} <= {b"PYTHONPATH", b"LC_CTYPE", b""}


def test_one_reader_answers_again_and_again() -> None:
    READERS.close()
    durations = [read_recording(recording("wav", 0.2), "audio/wav").duration_ms for _ in range(3)]

    [program] = READERS._idle
    assert durations == [200, 200, 200]
    assert program.asked == 3


@needs_seccomp
def test_one_process_looks_at_a_number_of_recordings_and_no_more() -> None:
    program = started(READERS)  # and has looked at one

    [reader] = {process_that_answers(program, READERS) for _ in range(MOST_RECORDINGS - 1)}

    reader.wait(30)


@needs_seccomp
def test_a_file_that_cannot_be_read_takes_its_process_with_it() -> None:
    reader = process_that_answers(started(READERS), READERS)

    refused(recording("webm", 1.0)[:-1])

    reader.wait(30)


def test_whoever_converts_a_recording_has_seen_no_other() -> None:
    program = started(CONVERTERS)

    for _ in range(3):
        process_that_answers(program, CONVERTERS).wait(30)


def test_where_nothing_is_confined_each_recording_has_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_seccomp(tmp_path, monkeypatch)
    program = started(READERS)

    for _ in range(3):
        process_that_answers(program, READERS).wait(30)
    READERS.close()


def test_a_process_is_bounded_while_it_has_a_file() -> None:
    reader = process_that_answers(started(READERS), READERS)

    assert resource.prlimit(reader.pid, resource.RLIMIT_FSIZE) == (0, 0)
    assert resource.prlimit(reader.pid, resource.RLIMIT_CPU)[0] in (60, 61)
    assert resource.prlimit(reader.pid, resource.RLIMIT_DATA) == (512 * MEGABYTE, 512 * MEGABYTE)


def test_a_reader_ends_when_nobody_can_ask_it_any_more() -> None:
    program = _Standby(Path(reader.__file__), "1")
    try:
        said, _ = program._process.communicate(timeout=20)
    finally:
        program.close()

    assert said == b""


def started(readers: HelperPool) -> _Standby:
    """Start one of the programs, which has read a recording then."""
    readers.close()
    ask(readers)
    [program] = readers._idle
    return program


def process_that_answers(program: _Standby, readers: HelperPool) -> psutil.Process:
    """Have a recording read, and return the process that stood ready for it."""
    while not (ready := [child for child in children(program) if sleeps(child)]):
        time.sleep(0.001)
    ask(readers)
    assert readers._idle == [program]
    return ready[0]


def sleeps(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_SLEEPING
    except psutil.NoSuchProcess:  # it has just ended
        return False


def children(program: _Standby) -> list[psutil.Process]:
    return psutil.Process(program._process.pid).children()


def ask(readers: HelperPool) -> None:
    _read(readers, "inspect", CONTAINERS["wav"], recording("wav", 0.2))


def test_a_reader_that_dies_on_a_file_costs_no_other_file_anything() -> None:
    # What cannot be read makes its process fail as a crash of FFmpeg would.
    with pytest.raises(TranscriptionFailedError, match="cannot be decoded"):
        _read(READERS, "inspect", replace(CONTAINERS["wav"], name="nothing"), b"RIFF")

    assert read_recording(recording("wav", 0.2), "audio/wav").duration_ms == 200


def test_no_sound_shows_in_a_repr() -> None:
    assert "RIFF" not in repr(read_recording(recording("wav", 0.2), "audio/wav"))
