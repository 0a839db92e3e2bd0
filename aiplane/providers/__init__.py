"""The outside services that the settings choose, each made when it is first needed."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from aiplane.providers.llm import create_llm
from aiplane.providers.speech import create_speech_to_text, create_text_to_speech
from aiplane.providers.storage.errors import (
    StorageForbiddenError,
    StorageRefusedError,
    StorageUnavailableError,
)
from aiplane.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.providers.llm import LLM
    from aiplane.providers.speech import SpeechToText, TextToSpeech
    from aiplane.providers.storage.s3 import Storage
    from aiplane.queues import Kind
    from aiplane.settings import Settings

log = logging.getLogger(__name__)

_OVER_HTTP = frozenset({"openai", "azure"})
"""The providers that are asked by our own HTTP client."""


class Providers:
    """The services that tasks ask for words, for speech, for text of what was said, for room to keep audio.

    One process holds one of these and shares it between its threads.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def llm(self) -> LLM:
        """The language model."""
        return create_llm(self._settings)

    @cached_property
    def text_to_speech(self) -> TextToSpeech | None:
        """The voice; None where ``TTS_PROVIDER`` is ``none``."""
        return create_text_to_speech(self._settings)

    @cached_property
    def speech_to_text(self) -> SpeechToText | None:
        """The transcription service; None where ``STT_PROVIDER`` is ``none``."""
        return create_speech_to_text(self._settings)

    @cached_property
    def storage(self) -> Storage | None:
        """The bucket; None where no ``S3_*`` settings name one."""
        if not self._settings.has_storage:
            return None
        from aiplane.providers.storage.s3 import Storage  # noqa: PLC0415 - only who has a bucket loads its SDK

        return Storage(self._settings)

    def prepare(self, kind: Kind) -> None:
        """Make what jobs of a kind need: the first does not wait for it, and a wrong setting shows at once.

        A bucket that cannot be reached, or looked at, is no reason not to start: speech is not what a pool
        is for, the server may be back when it is needed, and keys that may put need not list.

        Raises:
            SettingsError: the bucket is missing, or refuses the keys; or a variable for proxies or
                certificates keeps HTTP clients from opening.
        """
        if kind != "transcribe":
            _ = self.llm
        if _OVER_HTTP & set(self._asked_by(kind)):
            _check_http_environment()
        speaks = kind == "interview" and self.text_to_speech is not None
        listens = kind == "transcribe" and self.speech_to_text is not None
        if (speaks or listens) and self.storage is not None:
            _check_storage(self.storage)

    def _asked_by(self, kind: Kind) -> Iterator[str]:
        """Yield the names of the providers that jobs of a kind ask."""
        if kind == "transcribe":
            yield self._settings.stt_provider
        else:
            yield self._settings.llm_provider
        if kind == "interview":
            yield self._settings.tts_provider

    def can_serve(self, kind: Kind) -> bool:
        """Return whether jobs of a kind can succeed: transcription may be switched off."""
        return kind != "transcribe" or self.speech_to_text is not None

    def close(self) -> None:
        """Close what was made; what is asked for later is made anew. For programs that outlive it."""
        for name in ("llm", "text_to_speech", "speech_to_text", "storage"):
            close = getattr(self.__dict__.pop(name, None), "close", None)
            if close is not None:
                close()


def _check_http_environment() -> None:
    from aiplane.providers.http.client import check_environment  # noqa: PLC0415 - only who asks over HTTP loads it
    from aiplane.providers.http.environment import HttpEnvironmentError  # noqa: PLC0415

    try:
        check_environment()
    except HttpEnvironmentError as error:
        raise SettingsError((error.sentence,)) from error


def _check_storage(storage: Storage) -> None:
    try:
        storage.check()
    except StorageUnavailableError as error:
        log.warning("%s", error.sentence)
    except StorageForbiddenError:
        log.warning(
            "The bucket that S3_BUCKET names cannot be looked at (s3:ListBucket); the first object that is "
            "put there tells whether S3_ACCESS_KEY may."
        )
    except StorageRefusedError as error:
        raise SettingsError((error.sentence,)) from error
