"""Keys that tokens are verified with: one secret, or a JSON Web Key Set from a file or a URL."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import httpx2
from joserfc.errors import InvalidKeyIdError, MissingKeyError
from joserfc.jwk import KeySet, OctKey
from pydantic import SecretStr

from control_plane.errors import UnavailableError

if TYPE_CHECKING:
    from control_plane.settings import ControlPlaneSettings

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 600.0
"""Seconds that a key set is used before it is looked at again: until then a withdrawn key is good."""

AGAIN_SECONDS: Final = 30.0
"""The least time between two looks at it, whatever strangers' tokens name."""

LARGEST: Final = 256 * 1024
"""Bytes of a key set."""


class Keys(Protocol):
    """Source of verification keys."""

    async def get(self, *, newest: bool) -> OctKey | KeySet | None:
        """Return the keys; None where the newest are asked for and there can be no newer ones."""

    def may_change(self, error: Exception) -> bool:
        """Tell if newer keys could make good what a token failed with."""


def keys_for(settings: ControlPlaneSettings) -> Keys:
    """Return the keys that the settings name."""
    keys = settings.keys
    return _Secret(keys) if isinstance(keys, SecretStr) else _PublishedKeys(keys)


class _Secret:
    def __init__(self, secret: SecretStr) -> None:
        self._key = OctKey.import_key(secret.get_secret_value())

    async def get(self, *, newest: bool) -> OctKey | None:
        return None if newest else self._key

    def may_change(self, _: Exception) -> bool:
        return False


class _PublishedKeys:
    """A key set that its owner changes from time to time. One that was read once is used while it is away."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._keys: KeySet | None = None
        self._looked_at = float("-inf")
        self._looking = asyncio.Lock()

    async def get(self, *, newest: bool) -> KeySet | None:
        patience = AGAIN_SECONDS if newest or self._keys is None else FRESH_SECONDS
        before = self._keys
        async with self._looking:
            if time.monotonic() - self._looked_at > patience:
                await self._look()
        if self._keys is None:
            left = AGAIN_SECONDS - (time.monotonic() - self._looked_at)
            sentence = "Who calls cannot be found out at the moment; try again a little later."
            raise UnavailableError(sentence, retry_after=max(math.ceil(left), 1))
        return None if newest and self._keys is before else self._keys

    def may_change(self, error: Exception) -> bool:
        return isinstance(error, InvalidKeyIdError | MissingKeyError)

    async def _look(self) -> None:
        self._looked_at = time.monotonic()
        try:
            self._keys = KeySet.import_key_set(json.loads(await self._read()))
        except (OSError, ValueError, KeyError, TypeError, httpx2.HTTPError) as error:
            log.warning("the key set at JWT_JWKS cannot be read (%s)", type(error).__name__)

    async def _read(self) -> bytes:
        if not self._where.startswith(("http://", "https://")):
            with Path(self._where).open("rb") as file:  # noqa: ASYNC230 -- a small file, each ten minutes
                return file.read(LARGEST)
        async with (
            httpx2.AsyncClient(timeout=5, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", self._where) as response,
        ):
            response.raise_for_status()
            text = b""
            async for piece in response.aiter_bytes():
                text += piece
                if len(text) > LARGEST:
                    raise ValueError("too large for a key set")
            return text
