"""Ids of jobs that aiplane adds: derived from the job they are about, so that adding twice adds once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LETTER_FIELD = "deadLetter"
"""The field of a failed job's hash that names its dead letter: BullMQ keeps it through a retry, whoever asks
for that, so the letter can follow its job."""


def safe_id(text: str) -> str:
    """Return ``text`` as BullMQ accepts it for the id of a job: without colons."""
    return text.replace(":", "_")


def result_id(job_id: str, processed_on: int) -> str:
    """Name the result job of one taking of a job.

    Args:
        job_id: the job's id.
        processed_on: when it was taken, in epoch milliseconds.
    """
    return safe_id(f"result-{job_id}-{processed_on}")


def dead_letter_id(job_id: str, processed_on: int) -> str:
    """Name the dead letter of one taking of a job, likewise."""
    return safe_id(f"dead-{job_id}-{processed_on}")


def is_dead_letter_of(job_id: str, letter_id: str) -> bool:
    """Return whether a letter's id is of the form that :func:`dead_letter_id` gives those of a job."""
    stem = dead_letter_id(job_id, 0).removesuffix("0")
    return re.fullmatch(re.escape(stem) + r"[0-9]{1,20}", letter_id) is not None


def letter_of(job_id: str, record: Mapping[str, str]) -> str | None:
    """Return the id of the dead letter that a job's hash names; anyone may have written it there."""
    letter_id = record.get(LETTER_FIELD, "")
    return letter_id if is_dead_letter_of(job_id, letter_id) else None
