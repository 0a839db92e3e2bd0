"""The operator's commands, in two programs: ``aiplane queues|job|…`` and ``celery -A aiplane queues|job|…``.

:data:`OPERATING` is the table of them. The entry points in ``pyproject.toml`` repeat it for Celery, which
loads this module for whatever it is asked to do, its workers included. So it declares the commands, and
imports what they need when one is run.
"""

from __future__ import annotations

import importlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from aiplane.cli import SETTINGS
from aiplane.errors import ERRORS
from aiplane.queues import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STATUSES = """\b
Exit status:
  0  done
  1  there is no such job or letter, or not all could be done
  2  the command line or a setting is wrong
  4  Redis cannot be used
"""

_WIDTH = max(map(len, ERRORS))

CODES = "\n".join(
    (
        "\b",
        "Failure codes, and whether a job with attempts left is retried by itself:",
        *(f"  {code:<{_WIDTH}}  {'retried' if leaf.retryable else 'final'}" for code, leaf in ERRORS.items()),
    )
)

_EPILOG = "\n\n".join((f"QUEUE is a kind ({', '.join(KINDS)}) or BullMQ's name of a queue.", CODES, STATUSES))

_json = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
_code = click.option(
    "--code", type=click.Choice(tuple(ERRORS)), metavar="CODE", help="Only those that failed with this code."
)


def _read_age(_: click.Context, __: click.Parameter, value: str | None) -> timedelta | None:
    """Read how long ago: a number of days, or with its unit ``90s``, ``30m``, ``12h``, ``7d``."""
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smhd]?)", value)
    if found is None:
        raise click.BadParameter("it is a number of days, or a number with s, m, h or d behind it.")
    unit = {"s": "seconds", "m": "minutes", "h": "hours"}.get(found[2], "days")
    return timedelta(**{unit: float(found[1])})


_age = click.option(
    "--older",
    "--older-than",
    "older_than",
    callback=_read_age,
    metavar="AGE",
    help="Only letters of that age: 7 (days), or 90s, 30m, 12h, 7d.",
)


def _run(place: str, **options: Any) -> None:
    """Call ``module:function`` with the settings of the environment, or of the application that ``-A`` names.

    Whatever goes wrong there ends the command, with one sentence and a status.

    Raises:
        click.UsageError: it is another application, or none.
    """
    context = click.get_current_context()
    if SETTINGS in context.meta:
        _function(place)(context.meta[SETTINGS](), **options)
        return
    app = getattr(context.obj, "app", None)
    if not isinstance(app, importlib.import_module("aiplane.worker.application").Application):
        raise click.UsageError("This command needs aiplane's application: celery -A aiplane …")
    explain: Callable[[Exception], tuple[str, int]] = importlib.import_module(
        "aiplane.cli.terminal.errors"
    ).explain
    try:
        _function(place)(app.settings, **options)
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 -- the last seam: nobody is shown a traceback
        sentence, status = explain(error)
        click.ClickException(sentence).show()
        context.exit(status)


def _function(place: str) -> Callable[..., None]:
    module, _, name = place.partition(":")
    function: Callable[..., None] = getattr(importlib.import_module(module), name)
    return function


@click.command(epilog=STATUSES)
@click.option(
    "--watch",
    type=click.FloatRange(0.1, 3600),
    metavar="SECONDS",
    is_flag=False,
    flag_value=1.0,
    help="Look again and again, every second unless SECONDS says otherwise, until Ctrl-C.",
)
@_json
def queues(as_json: bool, watch: float | None) -> None:
    """Show what is in the queues, and which bridges and pools live.

    \b
    waiting  jobs that a free slot would take
    active   jobs that are being run
    delayed  jobs that wait for a moment, retries after a backoff among them
    failed   jobs that have failed for good
    dead     their letters in <queue>.dlq
    slots    how many jobs the living pools run at once
    oldest   how long ago the job was made that has waited longest

    \b
    Examples:
      aiplane queues --watch
      celery -A aiplane queues --json | jq '.queues[] | select(.waiting > 0)'
    """  # noqa: D301 -- click reads the mark
    _run("aiplane.cli.operators.queues:show", as_json=as_json, watch=watch)


@click.command(epilog=_EPILOG)
@click.argument("queue", metavar="QUEUE")
@click.argument("job_id", metavar="ID")
@_json
def job(queue: str, job_id: str, as_json: bool) -> None:
    """Tell the whole story of one job: its state, times and attempts, who runs it, and how it failed.

    The payload is not shown.

    \b
    Examples:
      celery -A aiplane job hint 4711
      celery -A aiplane job ai.generate-hint 4711 --json
    """  # noqa: D301 -- click reads the mark
    _run("aiplane.cli.operators.job:show", queue=queue, job_id=job_id, as_json=as_json)


@click.command(epilog=_EPILOG)
@click.argument("queue", metavar="QUEUE")
@click.argument("wanted", metavar="ID...", nargs=-1, required=True)
@_json
def cancel(**options: Any) -> None:
    """Cancel jobs, wherever they are: they fail for good with the code cancelled.

    A job that runs ends now: its slot is free, and the call of the model that it waits for is broken off. One
    that waits never runs. Each gets a dead letter like any other failure.

    \b
    Examples:
      celery -A aiplane cancel hint 4711
      celery -A aiplane cancel ai.generate-hint 4711 4712 --json
    """  # noqa: D301 -- click reads the mark
    _run("aiplane.cli.operators.cancel:cancel", **options)


@click.group(epilog=_EPILOG)
def dead() -> None:
    """Look at dead letters: the copies of jobs that have failed for good, in <queue>.dlq.

    \b
    Examples:
      celery -A aiplane dead list
      celery -A aiplane dead show hint 4711
      celery -A aiplane dead retry hint 4711 4712
      celery -A aiplane dead retry hint --code llm_auth
      celery -A aiplane dead purge hint --older-than 30
    """  # noqa: D301 -- click reads the mark


@dead.command("list", epilog=STATUSES)
@click.argument("queue", metavar="[QUEUE]", required=False)
@_code
@_age
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="Show so many of each queue."
)
@_json
def dead_list(**options: Any) -> None:
    """List dead letters of one queue or of all, the newest first. No text of a job is shown.

    \b
    Examples:
      aiplane dead list --code llm_auth
      aiplane dead list hint --older 12h
    """  # noqa: D301 -- click reads the mark
    _run("aiplane.cli.operators.dead:show_list", **options)


@dead.command("show", epilog=STATUSES)
@click.argument("queue", metavar="QUEUE")
@click.argument("wanted", metavar="ID")
@click.option("--data", "with_data", is_flag=True, help="Show the payload, too: what a candidate wrote.")
@_json
def dead_show(**options: Any) -> None:
    """Show why a job failed. ID is the job's id, or a letter's."""
    _run("aiplane.cli.operators.dead:show_one", **options)


@dead.command("retry", epilog=STATUSES)
@click.argument("queue", metavar="QUEUE")
@click.argument("wanted", metavar="[ID]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Retry every dead job of the queue.")
@_code
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Retry so many at most, the newest first.")
@_json
def dead_retry(**options: Any) -> None:
    """Let dead jobs wait again, with all their attempts, and remove their letters.

    Where the job itself is gone (removeOnFail), it is added anew from its letter, under its id. Doing it
    twice is harmless. Who did it stands in the log of each job, and in that of every bridge.
    """
    _run("aiplane.cli.operators.dead_changes:retry", **options)


@dead.command("purge", epilog=STATUSES)
@click.argument("queue", metavar="QUEUE")
@click.argument("wanted", metavar="[ID]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Remove every letter of the queue.")
@_code
@_age
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Remove so many at most, the newest first."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_json
def dead_purge(**options: Any) -> None:
    """Remove dead letters for good. The failed jobs themselves stay where BullMQ keeps them."""
    _run("aiplane.cli.operators.dead_changes:purge", **options)


OPERATING: Mapping[str, click.Command] = {"queues": queues, "job": job, "cancel": cancel, "dead": dead}
"""Each command by its name."""
