"""A recording as a request brings it: a file of a form, or base64 in JSON.

It is counted while it comes in. A form's file goes to the disk past one megabyte, and from there to the
bucket.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final, TypeVar

from pydantic import Field, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect, Request

from aiplane.contracts.base64_text import TooManyBytesError, decode
from control_plane.bodies import Body, LanguageTag
from control_plane.envelope import bounded
from control_plane.errors import InvalidRequestError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_T = TypeVar("_T", bound="Body")

AROUND: Final = 64 * 1024
"""Bytes that may stand around a recording: a form's other fields and boundaries, or JSON's."""


_PIECE: Final = 256 * 1024


class Described(Body):
    """Description of a recording.

    Attributes:
        mime_type: its media type.
        language: what is spoken, as a BCP-47 tag.
        answer: whether it is said to the interviewer, and not only written down.
    """

    mime_type: Annotated[
        str, Field(max_length=255, pattern=r"^[A-Za-z0-9_.+-]+/[A-Za-z0-9_.+-]+( *;[ -~]*)?$")
    ]
    language: LanguageTag | None = None
    answer: bool = True


class NewVoice(Described):
    """A recording in JSON.

    Attributes:
        audio_base64: the audio; a data URL, as browsers make one, is read as well.
    """

    audio_base64: Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that fits the limit.

    Attributes:
        file: the audio, from its beginning.
        size: its bytes.
        digest: what it is known by.
        told: what was told of it.
    """

    file: BinaryIO = field(repr=False)
    size: int
    digest: str
    told: Described

    async def base64(self) -> str:
        """Return the audio as a job carries it."""
        return await asyncio.to_thread(self._base64)

    def _base64(self) -> str:
        self.file.seek(0)
        return base64.b64encode(self.file.read()).decode()


FORM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["audio"],
    "properties": {
        "audio": {
            "type": "string",
            "format": "binary",
            "description": "The recording, as a file with a media type such as audio/webm.",
        },
        "language": {
            "type": "string",
            "maxLength": 35,
            "pattern": "^([A-Za-z]{1,8}([-_][A-Za-z0-9]{1,8})*)?$",
            "description": "What is spoken, as a BCP-47 tag. A field that was left empty is not there.",
        },
        "answer": {"type": "string", "enum": ["true", "false"], "default": "true"},
    },
}
"""The form, for the document."""


def longest_body(most_bytes: int) -> int:
    """Return how many bytes the longest body has that can hold a recording of so many."""
    # Base64 is a third longer than what it holds; with a break after each 64 characters a little more.
    return most_bytes * 7 // 5 + AROUND


def size_on_the_wire(request: Request, most_bytes: int) -> int:
    """Return how many bytes the body of a request has, at most."""
    limit = _limit(request, most_bytes)
    said = request.headers.get("content-length", "")
    return min(int(said), limit) if re.fullmatch(r"[0-9]{1,18}", said) else limit


@asynccontextmanager
async def read_recording(request: Request, most_bytes: int) -> AsyncIterator[Recording]:
    """Read the recording of a request, and keep it for as long as the block lasts.

    Raises:
        InvalidRequestError: there is none, or it is not told what it is, or it was cut off.
        TooLargeError: it is larger than that. What is past the limit was not read.
    """
    limit = _limit(request, most_bytes)
    incoming = Request(request.scope, bounded(request.receive, limit, _too_large(most_bytes)))
    try:
        if _media_type(request) == "multipart/form-data":
            async with incoming.form(max_files=1, max_fields=4, max_part_size=1_024) as form:
                yield await _of_form(form, most_bytes)
        elif _media_type(request) == "application/json":
            yield await asyncio.to_thread(_of_json, await incoming.body(), most_bytes)
        else:
            raise InvalidRequestError(
                "The recording must come as multipart/form-data or as application/json."
            )
    except ClientDisconnect:
        raise InvalidRequestError("The recording was cut off on its way.") from None


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _limit(request: Request, most_bytes: int) -> int:
    return longest_body(most_bytes) if _media_type(request) == "application/json" else most_bytes + AROUND


def _too_large(most_bytes: int) -> TooLargeError:
    sentence = f"The recording is larger than {most_bytes // 2**20} MB; record less at once."
    return TooLargeError(sentence, code="audio_too_large")


async def _of_form(form: FormData, most_bytes: int) -> Recording:
    audio = form.get("audio")
    if not isinstance(audio, UploadFile):
        raise InvalidRequestError("audio must be a file of the form.")
    if audio.size and audio.size > most_bytes:
        raise _too_large(most_bytes)
    answer = form.get("answer", "true")
    told = _valid(
        Described,
        {
            "mimeType": audio.content_type or "",
            "language": form.get("language") or None,
            "answer": {"true": True, "false": False}.get(str(answer), answer),
        },
    )
    return await asyncio.to_thread(_recording, audio.file, told)


def _of_json(body: bytes, most_bytes: int) -> Recording:
    brought = _valid(NewVoice, body)
    try:
        audio = decode(brought.audio_base64, most_bytes)
    except TooManyBytesError:
        raise _too_large(most_bytes) from None
    except ValueError:
        raise InvalidRequestError("audioBase64 must be base64.") from None
    told = Described(mime_type=brought.mime_type, language=brought.language, answer=brought.answer)
    return _recording(io.BytesIO(audio), told)


def _recording(file: BinaryIO, told: Described) -> Recording:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    size = file.tell()
    if not size:
        raise InvalidRequestError("The recording is empty.")
    file.seek(0)
    return Recording(file, size, digest.hexdigest(), told)


def _valid(model: type[_T], brought: bytes | dict[str, Any]) -> _T:
    try:
        if isinstance(brought, bytes):
            return model.model_validate_json(brought)
        return model.model_validate(brought)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(step) for step in fault["loc"])
        raise InvalidRequestError(f"{where or 'The body'}: {fault['msg']}") from None
