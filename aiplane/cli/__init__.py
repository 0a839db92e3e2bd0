"""The command line ``aiplane``: try the plane, run it on one machine, send it jobs.

Results go to stdout and everything else to stderr. Whatever goes wrong ends as one line there and a status
that is not 0.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from aiplane.cli import audit, demo, doctor, evaluate, speak, submit, up
from aiplane.cli.faults import SIGNALLED, STATUSES, USAGE, explain
from aiplane.cli.screen import say

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=STATUSES)
@click.version_option(package_name="aiplane")
@click.pass_context
def cli(context: click.Context) -> None:
    """Hints, reviews, interviewer replies and transcripts for a BullMQ control plane."""
    if os.environ.get("NO_COLOR"):
        context.color = False


for command in (
    demo.demo,
    up.up,
    submit.submit,
    submit.result,
    evaluate.evaluate,
    *speak.COMMANDS,
    doctor.doctor,
    audit.audit,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line and end the process."""
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
        # Whoever read our output has had enough; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 -- the last seam: nobody is shown a traceback
        sentence, status = explain(error)
        say(f"aiplane: {sentence}")
        return status
