"""The bucket: recordings go in, and spoken replies are linked to, with a link signed anew for each reader."""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlsplit

import certifi
import urllib3
from minio import Minio
from minio.error import MinioException
from urllib3.exceptions import HTTPError

from control_plane.errors import UnavailableError

if TYPE_CHECKING:
    from aiplane.settings import Settings

log = logging.getLogger(__name__)

LINK_LIFETIME: Final = timedelta(hours=1)
"""Lifetime of a link (the wire contract)."""

_CONNECT_SECONDS, _READ_SECONDS = 2.0, 5.0
_SECONDS = 20.0
"""Seconds that one object may take in all."""

_THREADS = 8
_FAULTS = (MinioException, HTTPError, OSError, ValueError)
"""A time-out is an ``OSError``. A file that nobody waited for is closed: a ``ValueError``."""


class AudioStore:
    """The bucket of settings that have one."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.s3_bucket or ""
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            maxsize=_THREADS,
            cert_reqs="CERT_REQUIRED",
            ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
            retries=urllib3.Retry(total=1, status=0, redirect=0, backoff_factor=0.1),
        )
        # Threads of its own: a bucket that does not answer must not keep the process's other work waiting.
        self._threads = ThreadPoolExecutor(_THREADS, "bucket")
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

    async def put(self, key: str, file: BinaryIO, size: int, mime_type: str) -> None:
        """Put a recording, which is read from its file piece by piece.

        Raises:
            UnavailableError: it could not be put, or not in time.
        """
        put = asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: self._put(key, file, size, mime_type)
        )
        try:
            async with asyncio.timeout(_SECONDS):
                await put
        except _FAULTS as error:
            sentence = "The recording could not be stored. Nothing was asked; try again in a few seconds."
            raise UnavailableError(sentence, retry_after=3, code="storage_unavailable") from error

    def _put(self, key: str, file: BinaryIO, size: int, mime_type: str) -> None:
        file.seek(0)
        self._inside.put_object(self._bucket, key, file, size, content_type=mime_type)

    def remove_soon(self, key: str) -> None:
        """Have a recording removed. Nobody waits for it: what is left, the bucket's own rule removes."""
        self._threads.submit(self._remove, key)

    def _remove(self, key: str) -> None:
        try:
            self._inside.remove_object(self._bucket, key)
        except _FAULTS as error:
            log.warning("a recording was left in the bucket: %s", type(error).__name__)

    def link(self, key: str) -> str:
        """Return a URL under which anyone can fetch an object for one hour. It asks nobody."""
        return str(self._public.presigned_get_object(self._bucket, key, expires=LINK_LIFETIME))

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._http.clear()


def store_of(settings: Settings) -> AudioStore | None:
    """Return the bucket, where there is one."""
    return AudioStore(settings) if settings.has_storage else None
