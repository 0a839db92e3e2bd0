"""Cursors: where a page of a history ended, as a word that only this service reads."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Final

from control_plane.errors import InvalidRequestError

LONGEST: Final = 200


def encode(moment: datetime, row_id: str) -> str:
    """Return the cursor of the row that was made at a moment."""
    return base64.urlsafe_b64encode(json.dumps([moment.isoformat(), row_id]).encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, str]:
    """Return the moment and the id that a cursor holds.

    Raises:
        InvalidRequestError: it is none of ours.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        moment, row_id = json.loads(text)
        read = datetime.fromisoformat(moment)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise _bad() from None
    if read.tzinfo is None or not isinstance(row_id, str) or not row_id.isalnum():
        raise _bad()
    return read, row_id


def _bad() -> InvalidRequestError:
    sentence = "The cursor is none that a page before has ended with: begin without one."
    return InvalidRequestError(sentence, code="bad_cursor")
