"""One bucket of an S3: where spoken replies are put, and where recordings may be fetched from.

Path style is used everywhere but at Amazon's own hosts, as SeaweedFS and MinIO want it. What the server says
is not repeated in errors.
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import certifi
import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from aiplane.context.deadline import remaining
from aiplane.errors.opaque import ForeignError, why_not_connected
from aiplane.providers.storage.errors import (
    ObjectMissingError,
    ObjectTooLargeError,
    StorageError,
    StorageForbiddenError,
    StorageRefusedError,
    StorageUnavailableError,
)
from aiplane.telemetry.spans import span

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import TypeVar

    from opentelemetry.trace import Span
    from urllib3.response import BaseHTTPResponse

    from aiplane.settings import Settings

    T = TypeVar("T")

LINK_LIFETIME = timedelta(hours=1)
"""How long a presigned URL is good (the wire contract)."""

_CHUNK = 256 * 1024
_CONNECT_SECONDS, _READ_SECONDS = 2.0, 5.0
"""How long one connection, and one read of it, may take. Twice that in all: a request is tried twice."""


class Storage:
    """The bucket of settings that have one. Safe to use from many threads; opens no connection by itself."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.s3_bucket or ""
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            maxsize=10,
            cert_reqs="CERT_REQUIRED",
            ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
            # A server may close an idle connection just as it is used; everything here can be asked twice.
            retries=urllib3.Retry(total=1, status=0, redirect=0, backoff_factor=0.1),
        )
        self._client = _client(settings, settings.s3_endpoint, self._http)
        self._public = _client(settings, settings.s3_public_endpoint, self._http)

    def check(self) -> None:
        """Find out whether the bucket is there and lets us in.

        Whoever may put and get may not always look at the bucket: Amazon wants the right to list it for that.

        Raises:
            StorageUnavailableError: the server cannot be reached.
            StorageForbiddenError: we may not look; the first object tells.
            StorageRefusedError: the bucket is missing, or the keys are wrong.
        """
        try:
            is_there = _translated(lambda: self._client.bucket_exists(self._bucket))
        except StorageForbiddenError:
            # An answer to HEAD has no body that says why; wrong keys are told apart by one that has.
            with suppress(ObjectMissingError, ObjectTooLargeError):
                self.get("aiplane", limit=1024)
            raise
        if not is_there:
            raise StorageRefusedError(
                "The bucket that S3_BUCKET names does not exist at S3_ENDPOINT: create it, or mend the name."
            )

    def note(self, key: str) -> str | None:
        """Return the note that an object was put with (empty if none); None if none is known to be there.

        Without the right to list the bucket, Amazon says of an object that is missing that it is forbidden.

        Raises:
            StorageError: it cannot be found out.
        """
        with self._span("HeadObject"):
            try:
                found = _translated(lambda: self._client.stat_object(self._bucket, key))
            except (ObjectMissingError, StorageForbiddenError):
                return None
        return str((found.metadata or {}).get("x-amz-meta-note", ""))

    def put(self, key: str, data: bytes, *, mime_type: str, note: str) -> None:
        """Put an object, over another one of that key if there is one.

        Args:
            key: where.
            data: what.
            mime_type: its media type, which the server tells whoever fetches it.
            note: a short word of ASCII to know it by again.

        Raises:
            StorageError: it was not put.
        """
        with self._span("PutObject"):
            _translated(
                lambda: self._client.put_object(
                    self._bucket,
                    key,
                    io.BytesIO(data),
                    len(data),
                    content_type=mime_type,
                    metadata={"note": note},
                )
            )

    def get(self, key: str, *, limit: int) -> bytes:
        """Fetch an object of at most ``limit`` bytes. A larger one is refused before it is downloaded.

        Raises:
            ObjectTooLargeError: it is larger.
            ObjectMissingError: there is none, or it is not ours to read.
            StorageError: it cannot be fetched, or not before the deadline of the work at hand.
        """
        with self._span("GetObject"):
            try:
                response = _translated(lambda: self._client.get_object(self._bucket, key))
            except StorageForbiddenError as error:
                raise ObjectMissingError(
                    "There is no such object in the bucket that S3_BUCKET names, or it is not ours to read."
                ) from error
            try:
                return _translated(lambda: _read(response, limit))
            finally:
                # What was not read stays in the socket, and a socket with leftovers is not used again.
                response.close()
                response.release_conn()

    def remove(self, key: str) -> None:
        """Remove an object, if it is there.

        Raises:
            StorageError: it may still be there.
        """
        with self._span("DeleteObject"):
            _translated(lambda: self._client.remove_object(self._bucket, key))

    def link(self, key: str) -> str:
        """Return a URL at ``S3_PUBLIC_ENDPOINT`` under which anyone can fetch the object for one hour."""
        return str(self._public.presigned_get_object(self._bucket, key, expires=LINK_LIFETIME))

    def close(self) -> None:
        """Close the connections. For programs that outlive them."""
        self._http.clear()

    def _span(self, operation: str) -> AbstractContextManager[Span]:
        """Begin the span of one request. It names no object: the control plane chooses what keys say."""
        attributes = {"rpc.system": "aws-api", "rpc.service": "S3", "rpc.method": operation}
        return span(f"S3 {operation}", attributes={**attributes, "aws.s3.bucket": self._bucket})


def _client(settings: Settings, endpoint: str | None, http: urllib3.PoolManager) -> Minio:
    url = urlsplit(endpoint or "")
    access, secret = settings.s3_access_key, settings.s3_secret_key
    return Minio(
        url.netloc,
        access_key=access.get_secret_value() if access else None,
        secret_key=secret.get_secret_value() if secret else None,
        secure=url.scheme == "https",
        # With a region, signing asks the server nothing.
        region=settings.s3_region,
        http_client=http,
    )


def _read(response: BaseHTTPResponse, limit: int) -> bytes:
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise ObjectTooLargeError(f"The object is larger than {limit} bytes.")
    data = bytearray()
    for chunk in response.stream(_CHUNK):
        data += chunk
        if len(data) > limit:
            raise ObjectTooLargeError(f"The object is larger than {limit} bytes.")
        if remaining() <= 0:
            raise StorageUnavailableError("The object could not be fetched from S3_ENDPOINT in time.")
    return bytes(data)


def _translated(call: Callable[[], T]) -> T:
    try:
        return call()
    except S3Error as error:
        raise _refusal(error) from ForeignError(error)
    except (MinioException, HTTPError, OSError) as error:
        reason = why_not_connected(error)
        raise StorageUnavailableError(
            f"The storage at S3_ENDPOINT does not answer as an S3 does: {reason}."
        ) from ForeignError(error)


def _refusal(error: S3Error) -> StorageError:
    match error.code:
        case "NoSuchKey":
            return ObjectMissingError("There is no such object in the bucket that S3_BUCKET names.")
        case "NoSuchBucket":
            return StorageRefusedError("The bucket that S3_BUCKET names does not exist at S3_ENDPOINT.")
        case "AccessDenied":
            return StorageForbiddenError(
                "The storage forbids it: check what S3_ACCESS_KEY may do in the bucket that S3_BUCKET names."
            )
        case "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" | "ExpiredToken":
            return StorageRefusedError(
                "The storage refuses the keys: check S3_ACCESS_KEY, S3_SECRET_KEY and S3_REGION."
            )
        case "RequestTimeTooSkewed":
            return StorageRefusedError("The storage refuses us because this machine's clock is wrong.")
        case _:
            return StorageUnavailableError("The storage at S3_ENDPOINT could not do what it was asked to.")
