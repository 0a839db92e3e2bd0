"""The checks of ``aiplane doctor``: one noun a file, each a function that returns a :class:`Finding`."""

from aiplane.cli.checks.bucket import bucket
from aiplane.cli.checks.finding import Check, Finding
from aiplane.cli.checks.model import model
from aiplane.cli.checks.redis import backend, broker, redis
from aiplane.cli.checks.sandbox import sandbox
from aiplane.cli.checks.speech import ear, voice

CHECKS: tuple[Check, ...] = (
    Check("Redis", redis),
    Check("Celery's broker", broker),
    Check("Celery's results", backend),
    Check("language model", model),
    Check("text to speech", voice),
    Check("speech to text", ear),
    Check("storage", bucket),
    Check("seccomp", sandbox),
)
"""All of them, in the order of the table. A new one is a file here and a row."""

__all__ = ["CHECKS", "Check", "Finding"]
