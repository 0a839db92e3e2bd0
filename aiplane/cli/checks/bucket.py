"""The bucket: an object is put into it, looked at, fetched and removed again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from aiplane.cli.checks.finding import Finding, complaint
from aiplane.providers.storage.errors import StorageForbiddenError

if TYPE_CHECKING:
    from aiplane.providers import Providers
    from aiplane.settings import Settings

PROBE_KEY = "rooms/aiplane-doctor.txt"
"""What is put and removed: beside the spoken replies, for a key may be for these alone."""


def bucket(settings: Settings, providers: Providers) -> Finding:
    """Do with one object what is done with a spoken reply, and remove it."""
    storage = providers.storage
    if storage is None:
        return Finding("storage", "no S3_* settings", used=False)

    def keep() -> None:
        # Who may not look at the bucket may use it all the same.
        with suppress(StorageForbiddenError):
            storage.check()
        storage.note(PROBE_KEY)
        storage.put(PROBE_KEY, b"aiplane doctor was here\n", mime_type="text/plain", note="")
        storage.get(PROBE_KEY, limit=1024)
        storage.remove(PROBE_KEY)

    return Finding("storage", f"S3_BUCKET={settings.s3_bucket}", complaint(keep))
