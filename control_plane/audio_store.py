"""The bucket: recordings go in, and spoken replies are linked to, with a link signed anew for each reader."""

from __future__ import annotations

import asyncio
import io
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import certifi
import urllib3
from minio import Minio
from minio.error import MinioException
from urllib3.exceptions import HTTPError

from control_plane.errors import UnavailableError

if TYPE_CHECKING:
    from aiplane.settings import Settings

LINK_LIFETIME: Final = timedelta(hours=1)
"""Lifetime of a link (the wire contract)."""

_CONNECT_SECONDS, _READ_SECONDS = 2.0, 5.0


class AudioStore:
    """The bucket of settings that have one."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.s3_bucket or ""
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            maxsize=10,
            cert_reqs="CERT_REQUIRED",
            ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
            retries=urllib3.Retry(total=1, status=0, redirect=0, backoff_factor=0.1),
        )
        self._inside = self._client(settings, settings.s3_endpoint)
        self._public = self._client(settings, settings.s3_public_endpoint)

    def _client(self, settings: Settings, endpoint: str | None) -> Minio:
        url = urlsplit(endpoint or "")
        access, secret = settings.s3_access_key, settings.s3_secret_key
        return Minio(
            url.netloc,
            access_key=access.get_secret_value() if access else None,
            secret_key=secret.get_secret_value() if secret else None,
            secure=url.scheme == "https",
            region=settings.s3_region,  # with it, signing asks the server nothing
            http_client=self._http,
        )

    async def put(self, key: str, data: bytes, mime_type: str) -> None:
        """Put a recording.

        Raises:
            UnavailableError: it could not be put.
        """
        try:
            await asyncio.to_thread(self._put, key, data, mime_type)
        except (MinioException, HTTPError, OSError) as error:
            sentence = "The recording could not be stored. Nothing was asked; try again in a few seconds."
            raise UnavailableError(sentence, retry_after=3, code="storage_unavailable") from error

    def _put(self, key: str, data: bytes, mime_type: str) -> None:
        self._inside.put_object(self._bucket, key, io.BytesIO(data), len(data), content_type=mime_type)

    def link(self, key: str) -> str:
        """Return a URL under which anyone can fetch an object for one hour. It asks nobody."""
        return str(self._public.presigned_get_object(self._bucket, key, expires=LINK_LIFETIME))

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()


def store_of(settings: Settings) -> AudioStore | None:
    """Return the bucket, where there is one."""
    return AudioStore(settings) if settings.has_storage else None
