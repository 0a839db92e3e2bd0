"""Errors of the commands: one sentence for a person, and an exit status for a script."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from aiplane.cli.local.child import NotReadyError
from aiplane.cli.local.private_postgres import NoPostgresServerError
from aiplane.cli.local.private_redis import NoRedisServerError
from aiplane.cli.local.supervisor import StoppedBySignalError
from aiplane.cli.local.workers import DataInUseError
from aiplane.cli.terminal.statuses import (
    FAILED,
    FAULT_OF_OURS,
    NO_REDIS,
    NOT_STARTED,
    SIGNALLED,
    TIMED_OUT,
    USAGE,
)
from aiplane.client import JobFailedError, JobNotFoundError
from aiplane.redis.refusals import refusal_of
from aiplane.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class RedisFaultError(Exception):
    """Unusable Redis; the message names its host and port, and no user or password."""


class NotFoundError(Exception):
    """No such job, or no such letter; the message says so."""


class NotAllDoneError(Exception):
    """Partial failure; the message says how much could not be done, and the output what."""


class DemoFailedError(Exception):
    """Failed demo; the message says what went wrong, and where the processes' output is."""


class DoctorFailedError(Exception):
    """Configured dependencies that do not work; the message says which."""


_STATUSES: Mapping[type[Exception], int] = MappingProxyType(
    {
        SettingsError: USAGE,
        JobFailedError: FAILED,
        JobNotFoundError: FAILED,
        NotFoundError: FAILED,
        NotAllDoneError: FAILED,
        DemoFailedError: FAILED,
        DoctorFailedError: FAILED,
        TimeoutError: TIMED_OUT,
        RedisFaultError: NO_REDIS,
        NotReadyError: NOT_STARTED,
        NoRedisServerError: NOT_STARTED,
        NoPostgresServerError: NOT_STARTED,
        DataInUseError: NOT_STARTED,
    }
)


@contextmanager
def naming_redis(url: str) -> Iterator[None]:
    """Turn whatever Redis raises inside the block into a :class:`RedisFaultError` about ``url``."""
    try:
        yield
    except RedisError as error:
        parts = urlsplit(url)
        where = f"Redis at {parts.hostname}:{parts.port or 6379}"
        raise RedisFaultError(f"{where} {_complaint(error)}") from error


def explain(error: Exception) -> tuple[str, int]:
    """Return what to tell a person about an error, and the exit status."""
    if isinstance(error, click.ClickException):
        return error.format_message(), error.exit_code
    if isinstance(error, StoppedBySignalError):
        return str(error), SIGNALLED + error.number
    status = _STATUSES.get(type(error))
    if status is None:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(where.filename).name}:{where.lineno}"
        return f"a fault of ours: {type(error).__name__} at {place}", FAULT_OF_OURS
    return "; ".join(error.faults) if isinstance(error, SettingsError) else str(error), status


def _complaint(error: RedisError) -> str:
    refusal = refusal_of(error)
    if refusal is not None:
        advice = f": {refusal.advice}" if refusal.advice else ""
        return f"refuses ({refusal.words}){advice}."
    match error:
        case RedisTimeoutError():
            return "does not answer."
        case RedisConnectionError():
            return (
                "cannot be reached: set REDIS_URL, or start everything with a Redis of its own (aiplane up)."
            )
        case _:
            return f"refuses ({type(error).__name__})."
