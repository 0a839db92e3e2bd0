"""Ids of jobs that the plane adds: derived from the job they are about, so that adding twice adds once."""

from __future__ import annotations


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
