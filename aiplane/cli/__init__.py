"""The command line ``aiplane``: try it, run it on one machine, send it jobs.

Results go to stdout and everything else to stderr. Whatever goes wrong ends as one line there and a status
that is not 0.

A command's module is imported when the command is run: a probe runs ``aiplane health`` every few seconds.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import click

from aiplane.cli.terminal.screen import open_closed_streams, say, silence
from aiplane.cli.terminal.statuses import SIGNALLED, STATUSES, USAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiplane.settings import Settings

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "audit": "aiplane.cli.commands.audit:audit",
        "demo": "aiplane.cli.commands.demo:demo",
        "doctor": "aiplane.cli.commands.doctor:doctor",
        "eval": "aiplane.cli.commands.eval:evaluate",
        "health": "aiplane.cli.commands.health:health",
        "listen": "aiplane.cli.commands.speak:listen",
        "result": "aiplane.cli.commands.submit:result",
        "speak": "aiplane.cli.commands.speak:speak",
        "submit": "aiplane.cli.commands.submit:submit",
        "up": "aiplane.cli.commands.up:up",
    }
)
"""Where each command is, but for those that Celery's program has too."""

SETTINGS = "aiplane.settings"
"""Where click's context has what loads the settings. In Celery's program it has the application instead."""


class _Commands(click.Group):
    """The commands, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return sorted([*COMMANDS, *_operating()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- likewise
        module, _, name = COMMANDS.get(cmd_name, "").partition(":")
        if not module:
            return _operating().get(cmd_name)
        return cast("click.Command", getattr(importlib.import_module(module), name))


def _operating() -> Mapping[str, click.Command]:
    from aiplane.cli.operators.group import OPERATING  # noqa: PLC0415 -- no probe needs it

    return OPERATING


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=STATUSES)
@click.version_option(package_name="aiplane")
@click.pass_context
def cli(context: click.Context) -> None:
    """Hints, reviews, interviewer replies and transcripts for a BullMQ control plane."""
    if os.environ.get("NO_COLOR"):
        context.color = False
    context.meta[SETTINGS] = _settings


def _settings() -> Settings:
    from aiplane.settings import Settings  # noqa: PLC0415 -- not every command has settings

    return Settings.load()


def main() -> None:
    """Run the command line and end the process."""
    open_closed_streams()
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (the process's own, unless others are given) and return the exit status."""
    try:
        return cli.main(arguments, prog_name="aiplane", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as help_page:
        click.echo(help_page.format_message(), err=True)
        return USAGE
    except click.Abort:
        say("aiplane: interrupted")
        return SIGNALLED + 2
    except BrokenPipeError:
        # Whoever read our output has had enough.
        silence(sys.stdout)
        return 1
    except Exception as error:  # noqa: BLE001 -- the last seam: nobody is shown a traceback
        # It knows every way in which any command can end badly, so it imports all that can go wrong.
        from aiplane.cli.terminal.errors import explain  # noqa: PLC0415

        sentence, status = explain(error)
        say(f"aiplane: {sentence}")
        return status
