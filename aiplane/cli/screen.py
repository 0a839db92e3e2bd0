"""What a person or a pipe sees: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import re
import sys

import click

_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan")
_NAME_WIDTH = 10
_CONTROLS = re.compile(r"[\x7f-\x9f]")


def say(line: str) -> None:
    """Write a line for a person."""
    click.echo(one_line(line), err=True)


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
    """Write a line of a process's output behind the process's name, in a colour of its own."""
    label = labelled(name, "")
    colour = _COLOURS[sum(name.encode()) % len(_COLOURS)]
    click.echo(click.style(label, fg=colour) + line, err=err)
