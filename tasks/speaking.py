"""Reading a reply aloud and putting the audio where the control plane can fetch it.

Nothing here can fail a job: what goes wrong is logged and counted, and the reply goes out in writing only. It
is late by :data:`TIMEOUT_SECONDS` at most.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from typing import TYPE_CHECKING

from aiplane.context import deadline
from aiplane.context.bounded import OutOfTimeError, wait_for
from aiplane.context.job import job_id
from aiplane.contracts import Audio
from aiplane.errors.stacktrace import describe
from aiplane.providers.speech import SpeechFailedError
from aiplane.providers.speech.measures import failed, timed
from aiplane.providers.storage.errors import StorageError
from aiplane.worker.progress import reached, remark
from tasks.aloud import cut_at_sentence, read_aloud

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from aiplane.contracts import InterviewPayload, InterviewResult
    from aiplane.providers import Providers
    from aiplane.providers.speech import TextToSpeech
    from aiplane.providers.storage.s3 import Storage

    T = TypeVar("T")

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20.0
"""How late a reply may be for being read aloud."""

RESERVE_SECONDS = 1.0
"""What stays of the job's own time to hand the reply over."""

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def with_speech(result: InterviewResult, payload: InterviewPayload, providers: Providers) -> InterviewResult:
    """Return the reply with its audio, or as it is where there is none.

    There is none for a silence, in a room of two people, where the job says ``voice: false`` or
    ``TTS_PROVIDER`` is ``none``, where nothing in the reply can be read aloud, and where anything fails.
    """
    if not result.should_respond or not payload.voice or payload.room_mode == "peer":
        return result
    voice, storage = providers.text_to_speech, providers.storage
    if voice is None or storage is None:
        return result
    try:
        text = _text(result)
        audio = _in_time(lambda: _spoken(text, payload, voice, storage)) if text else None
    except (SpeechFailedError, StorageError) as error:
        log.warning("a reply goes out without its audio: %s", error.sentence)
        remark(f"the reply goes out without its audio: {error.sentence}")
    except Exception as error:  # noqa: BLE001 - whatever it is, the reply is worth more than its sound
        # Not its text, which is not ours: it may hold the reply.
        log.warning("a reply goes out without its audio, by a fault of ours\n%s", describe(error))
        remark("the reply goes out without its audio, by a fault of ours; its log says where")
    else:
        return result.model_copy(update={"audio": audio})
    failed("tts", voice.provider)
    return result


def object_key(room_id: str | None, job: str, extension: str) -> str:
    """Return the key of a reply's audio: ``rooms/<room>/ai/<job>.<ext>``.

    The ids are the control plane's, and may hold anything: what is not safe in a path is replaced, with a
    digest behind it that keeps two ids apart.
    """
    return f"rooms/{_segment(room_id or 'none')}/ai/{_segment(job)}.{extension}"


def _segment(name: str) -> str:
    if _SAFE.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{_UNSAFE.sub('-', name)[:64].strip('-')}-{digest}".lstrip("-")


def _text(result: InterviewResult) -> str:
    """Return what is said: the message, and the question that follows it unless the message asks it."""
    message, question = result.message or "", result.follow_up_question or ""
    return read_aloud(message if question in message else f"{message}\n\n{question}")


def _spoken(text: str, payload: InterviewPayload, voice: TextToSpeech, storage: Storage) -> Audio:
    """Have the text read aloud, put the audio into the bucket and name it.

    A job that runs again finds its audio there. Only if the model wrote something else this time, that is
    read aloud, and replaces the other.
    """
    text = cut_at_sentence(text, voice.max_bytes)
    note = hashlib.sha256(f"{payload.response_language}\n{text}".encode()).hexdigest()
    key = object_key(payload.room_id, job_id(), voice.container.name)
    started, is_there = time.monotonic(), storage.note(key) == note
    if not is_there:
        with timed("tts", voice.provider):
            speech = voice.synthesize(text, language=payload.response_language)
        storage.put(key, speech, mime_type=voice.container.mime_type, note=note)
    how = "was in the bucket already" if is_there else f"by {voice.provider} is in the bucket"
    reached("spoken", f"the audio {how}, after {time.monotonic() - started:.3f} s")
    return Audio(audio_key=key, mime_type=voice.container.mime_type, download_url=storage.link(key))


def _in_time(work: Callable[[], T]) -> T:
    """Run ``work`` and return what it returns, but wait no longer than a reply may.

    What does not look at its deadline is left behind: each of its waits is bounded, so it ends too.

    Raises:
        SpeechFailedError: it was not done in time.
        Exception: whatever it raises.
    """
    seconds = min(TIMEOUT_SECONDS, deadline.remaining() - RESERVE_SECONDS)
    if seconds <= 0:
        raise SpeechFailedError("The job's time is over.")
    try:
        with deadline.within(seconds):
            return wait_for(work, seconds, name="speech")
    except OutOfTimeError as error:
        raise SpeechFailedError(f"It was not ready within {seconds:.3g} s.") from error
