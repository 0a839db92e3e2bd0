"""A recording as a request brings it: a file of a form, or base64 in JSON."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, ValidationError
from starlette.datastructures import FormData, UploadFile

from control_plane.bodies import Body, LanguageTag
from control_plane.errors import InvalidRequestError, TooLargeError

if TYPE_CHECKING:
    from starlette.requests import Request

_MIME_TYPE: Final = r"^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+( *;[ -~]*)?$"


class NewVoice(Body):
    """A recording in JSON.

    Attributes:
        audio_base64: the audio.
        mime_type: its media type.
        language: what is spoken, as a BCP-47 tag.
        answer: whether it is said to the interviewer, and not only written down.
    """

    audio_base64: Annotated[str, Field(min_length=1)]
    mime_type: Annotated[str, Field(max_length=255, pattern=_MIME_TYPE)]
    language: LanguageTag | None = None
    answer: bool = True


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that fits the limit."""

    audio: bytes = field(repr=False)
    mime_type: str
    language: str | None = None
    answer: bool = True


FORM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["audio"],
    "properties": {
        "audio": {"type": "string", "format": "binary"},
        "language": {"type": "string", "maxLength": 35},
        "answer": {"type": "string", "enum": ["true", "false"]},
    },
}
"""The form, for the document."""


async def read_recording(request: Request, most_bytes: int) -> Recording:
    """Read the recording of a request.

    Raises:
        InvalidRequestError: there is none, or it is not told what it is.
        TooLargeError: it is larger than that.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=4, max_part_size=1_024) as form:
            recording = await _of_form(form)
    elif kind == "application/json":
        recording = _of_json(await request.body())
    else:
        raise InvalidRequestError("The recording must come as multipart/form-data or as application/json.")
    if len(recording.audio) > most_bytes:
        sentence = f"The recording is larger than {most_bytes // 2**20} MB; record less at once."
        raise TooLargeError(sentence, code="audio_too_large")
    return recording


async def _of_form(form: FormData) -> Recording:
    audio, answer = form.get("audio"), form.get("answer", "true")
    language = form.get("language")
    if not isinstance(audio, UploadFile) or not re.match(_MIME_TYPE, audio.content_type or ""):
        raise InvalidRequestError("audio must be a file with a media type such as audio/webm.")
    if answer not in ("true", "false"):
        raise InvalidRequestError("answer must be true or false.")
    if language is not None and not (
        isinstance(language, str) and re.fullmatch(r"[A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*", language)
    ):
        raise InvalidRequestError("language must be a BCP-47 tag such as en or pt-BR.")
    return Recording(await audio.read(), audio.content_type or "", language or None, answer == "true")


def _of_json(body: bytes) -> Recording:
    try:
        brought = NewVoice.model_validate_json(body)
        audio = base64.b64decode(brought.audio_base64.encode("ascii"), validate=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in fault["loc"])
        raise InvalidRequestError(f"{where or 'The body'}: {fault['msg']}") from None
    except (binascii.Error, ValueError):
        raise InvalidRequestError("audioBase64 must be base64.") from None
    return Recording(audio, brought.mime_type, brought.language, brought.answer)
