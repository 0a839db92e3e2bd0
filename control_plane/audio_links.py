"""Links to spoken replies: signed anew, from the key that is stored, for whoever reads a result or a message.

No link is ever stored: one that was signed for an earlier reader would have run out for the next.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from control_plane.audio_store import AudioStore

log = logging.getLogger(__name__)


def link_of(store: AudioStore | None, key: object) -> str | None:
    """Return a link that is good for an hour from now; None where there is no bucket, or nothing in it."""
    if store is None or not isinstance(key, str) or not key:
        return None
    try:
        return store.link(key)
    except ValueError:
        log.warning("a spoken reply has a key that no object can have; it is shown without its audio")
        return None


def linked(store: AudioStore | None, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored result with its ``audioUrl`` and ``audio.downloadUrl``, which are the same."""
    bare = unlinked(result)
    audio = bare.get("audio")
    link = link_of(store, audio.get("audioKey")) if isinstance(audio, dict) else None
    if link is None:
        return bare
    return {**bare, "audio": {**bare["audio"], "downloadUrl": link}, "audioUrl": link}


def unlinked(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result as it is stored: with the key of its audio, and without a link."""
    bare = {name: value for name, value in result.items() if name != "audioUrl"}
    if isinstance(audio := bare.get("audio"), dict):
        bare["audio"] = {name: value for name, value in audio.items() if name != "downloadUrl"}
    return bare
