"""The transcribe job: speech in, text out."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from aiplane.contracts.scalars import (
    BLANK_IS_ABSENT,
    CLEAN,
    Count,
    SpokenLanguage,
    Text,
)
from aiplane.contracts.wire import Payload, Result

_MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+( *;.*)?", re.ASCII)
_NOT_IN_A_KEY: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ufffd]|://|^/|(^|/)\.{1,2}(/|$)")


def _media_type(text: str) -> str:
    if not _MEDIA_TYPE.fullmatch(text := text.strip().lower()):
        raise PydanticCustomError("wire", "must be a media type such as audio/webm")
    return text


def _object_key(key: str | None) -> str | None:
    if key is not None and _NOT_IN_A_KEY.search(key):
        raise PydanticCustomError("wire", "must be the key of an object in the bucket, not a URL or a path")
    return key


class TranscribePayload(Payload):
    """Payload of a transcribe job: ``audio_base64``, or the ``audio_key`` of an object in our bucket.

    Where both are there, ``audio_base64`` is the one to use: it needs no download.

    Attributes:
        mime_type: the audio's media type, up to 255 characters, parameters allowed
            (``audio/webm;codecs=opus``); kept in lower case.
        audio_base64: the audio, not decoded and not measured here: its limit is a setting, and past it
            the job fails as ``audio_too_large``, not as a wrong payload. Empty is a recording that failed,
            not a field that is missing.
        audio_key: up to 1,024 characters, S3's own limit. Never a URL, so that a payload cannot make
            us call one.
        language: the language that is spoken; absent, or no tag: ``STT_LANGUAGE``.
    """

    mime_type: Annotated[str, Field(strict=True, max_length=255), AfterValidator(_media_type), CLEAN]
    audio_base64: Annotated[str | None, Field(strict=True)] = None
    audio_key: Annotated[
        str | None, Field(strict=True, max_length=1_024), AfterValidator(_object_key), BLANK_IS_ABSENT
    ] = Field(default=None, validate_default=True)
    language: Annotated[SpokenLanguage, BLANK_IS_ABSENT] = None

    @field_validator("audio_key")
    @classmethod
    def _some_audio(cls, key: str | None, info: ValidationInfo) -> str | None:
        if key is None and info.data.get("audio_base64") is None:
            raise PydanticCustomError("wire", "is missing, and so is audioBase64: send one of them")
        return key


class TranscribeResult(Result):
    """Result of a transcribe job.

    Attributes:
        text: what was said; empty for silence.
        language: the language that was spoken, where the provider tells.
        duration_ms: how long the audio is, where the provider tells.
    """

    text: Text
    language: Text | None = None
    duration_ms: Count | None = None
