"""Files on the command line: text, JSON and audio, each read up to a bound; ``-`` is standard input.

Each function takes a path as a person typed it and raises ``click.BadParameter`` with what is wrong with it.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import click

MAX_BYTES = 64 * 1024 * 1024
"""The most that is read of one file: far more than aiplane takes, and no danger to this process."""


def text_file(path: str) -> str:
    """Return the file's text, which is UTF-8."""
    try:
        return _read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{path} is not UTF-8 text.") from error


def audio_file(path: str) -> str:
    """Return the file's content in base64."""
    return base64.b64encode(audio_bytes(path)).decode()


def audio_bytes(path: str) -> bytes:
    """Return the file's content."""
    return _read(path)


def json_object(path: str) -> dict[str, Any]:
    """Return the JSON object that the file holds."""
    parsed = _json(path)
    if not isinstance(parsed, dict):
        raise click.BadParameter(f"{path} must hold a JSON object.")
    return parsed


def json_list(path: str) -> list[Any]:
    """Return the JSON list that the file holds."""
    parsed = _json(path)
    if not isinstance(parsed, list):
        raise click.BadParameter(f"{path} must hold a JSON list.")
    return parsed


def _json(path: str) -> object:
    try:
        return json.loads(text_file(path), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{path} is not JSON.") from error


def _refuse(constant: str) -> None:
    # Python reads and writes NaN; nobody else does.
    raise ValueError(constant)


def _read(path: str) -> bytes:
    try:
        if path == "-":
            content = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise click.BadParameter(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        raise click.BadParameter(f"{path} holds more than {MAX_BYTES // 1024**2} MB.")
    return content
