"""Uploads under way: bounded in all, and for each person."""

from __future__ import annotations

import pytest

from control_plane.errors import UnavailableError
from control_plane.uploads import MOST_BYTES, MOST_OF_ONE, Uploads


def test_what_all_uploads_hold_is_bounded_and_given_back() -> None:
    uploads = Uploads()
    with uploads.take("ada", MOST_BYTES - 10):
        with pytest.raises(UnavailableError) as refused, uploads.take("bob", 11):
            pass
        assert (refused.value.code, refused.value.retry_after) == ("uploads_busy", 3)
        with uploads.take("bob", 10):
            pass
    with uploads.take("bob", MOST_BYTES):
        pass


def test_one_person_cannot_keep_the_others_out() -> None:
    uploads = Uploads()
    held = [uploads.take("ada", 1) for _ in range(MOST_OF_ONE)]
    for each in held:
        each.__enter__()
    with pytest.raises(UnavailableError), uploads.take("ada", 1):
        pass
    with uploads.take("bob", 1):
        pass
    for each in held:
        each.__exit__(None, None, None)
    with uploads.take("ada", 1):
        pass


def test_an_upload_that_failed_gives_its_share_back() -> None:
    uploads = Uploads()
    with pytest.raises(ZeroDivisionError), uploads.take("ada", MOST_BYTES):
        _ = 1 / 0
    with uploads.take("ada", MOST_BYTES):
        pass


def test_there_is_room_for_the_largest_recording_that_is_allowed() -> None:
    with Uploads(2 * MOST_BYTES).take("ada", 2 * MOST_BYTES):
        pass
