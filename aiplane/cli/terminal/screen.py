"""Output of the commands: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from typing import TextIO

_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan")
_NAME_WIDTH = 10
_CONTROLS = re.compile(r"[\x7f-\x9f]")


def say(line: str) -> None:
    """Write a line for a person, who may have gone."""
    _echo(one_line(line), err=True)


def _echo(line: str, *, err: bool) -> None:
    try:
        click.echo(line, err=err)
    except OSError:
        silence(sys.stderr if err else sys.stdout)


def silence(stream: TextIO | None) -> None:
    """Let what is written from now on go nowhere: Python would complain again when it flushes at exit."""
    if stream is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def open_closed_streams() -> None:
    """Open to nowhere what the process was started without (``>&-``): a socket would take its place."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is the one that is missing.
            os.open(os.devnull, os.O_RDWR)


def show_json(value: object) -> None:
    """Write a result as JSON that any terminal and any parser can take."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2)
    # JSON escapes the lower control characters by itself, and a terminal obeys some of these too.
    click.echo(_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def one_line(text: str) -> str:
    """Return ``text`` without line breaks and without what a terminal would obey."""
    return "".join(each if each.isprintable() else " " for each in text).rstrip()


def labelled(name: str, line: str) -> str:
    """Return a line of a process's output behind the process's name."""
    return f"{name:<{_NAME_WIDTH}} | {line}"


def prefixed(name: str, line: str, *, err: bool = False) -> None:
    """Write a line of a process's output behind its name, in a colour of its own, for who may have gone."""
    label = labelled(name, "")
    colour = _COLOURS[sum(name.encode()) % len(_COLOURS)]
    _echo(click.style(label, fg=colour) + line, err=err)
