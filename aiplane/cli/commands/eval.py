"""``aiplane eval``: labelled cases against the configured provider, or recorded answers and the checks."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiplane.cli.terminal.screen import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiplane.evals.trial import Trial
    from aiplane.worker.application import Application

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command("eval")
@click.argument("folder", default="evals", type=_FOLDER)
@click.option("--only", metavar="TEXT", default="", help="Only cases whose name holds this.")
@click.option("--misses", "tell_misses", is_flag=True, help="Say which cases are not as labelled, and how.")
@click.option(
    "--answers",
    "recorded",
    metavar="DIR",
    type=_FOLDER,
    help="Play the recorded answers of DIR through the checks instead; no model is asked.",
)
@click.option(
    "--record",
    "record_to",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write what the provider answers to DIR, a file a case, to be labelled and played again.",
)
@click.pass_context
def evaluate(
    context: click.Context,
    folder: Path,
    only: str,
    recorded: Path | None,
    record_to: Path | None,
    *,
    tell_misses: bool,
) -> None:
    """Run the labelled cases of FOLDER against the configured provider, and print a table.

    With a paid provider this costs one or two calls a case.
    """
    from aiplane.celery import app  # noqa: PLC0415 - the tasks take half a second to load
    from aiplane.evals.labels import LabelError  # noqa: PLC0415

    app.loader.import_default_modules()
    try:
        with _quietly("aiplane", "tasks"):
            if recorded is not None:
                context.exit(_play(recorded, only, app, tell_misses=tell_misses))
            _run(folder, only, record_to, app, tell_misses=tell_misses)
    except LabelError as error:
        raise click.BadParameter(str(error)) from error


@contextmanager
def _quietly(*names: str) -> Iterator[None]:
    """Let these loggers tell errors only: what came of each case is in the table."""
    loggers = {logging.getLogger(name): logging.getLogger(name).level for name in names}
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        yield
    finally:
        for logger, level in loggers.items():
            logger.setLevel(level)


def _run(folder: Path, only: str, record_to: Path | None, app: Application, *, tell_misses: bool) -> None:
    from aiplane.evals.labels import read_labels  # noqa: PLC0415
    from aiplane.evals.table import markdown, misses  # noqa: PLC0415
    from aiplane.evals.trial import run  # noqa: PLC0415

    labels = [label for label in read_labels(folder) if only in label.name]
    llm = app.providers.llm
    trials = []
    for number, label in enumerate(labels, start=1):
        trials.append(run(label, app, llm))
        if record_to is not None:
            _record(record_to, trials[-1])
        say(f"{number}/{len(labels)} {label.name}: {trials[-1].failure or 'answered'}")
    click.echo(markdown(trials))
    if tell_misses:
        click.echo("\n".join(["", *misses(trials)]))


def _record(folder: Path, trial: Trial) -> None:
    from aiplane.evals.recordings import Recording, write_recording  # noqa: PLC0415

    if not trial.answers:
        return
    recording = Recording(
        kind=trial.label.kind,
        should="unlabelled",
        written_by=trial.model,
        answers=trial.answers,
        payload=trial.label.payload(),
    )
    write_recording(folder, trial.label.name, recording)


def _play(folder: Path, only: str, app: Application, *, tell_misses: bool) -> int:
    """Play the recordings of a folder, print what came of them, and return 1 where one is not as labelled."""
    from aiplane.evals.recordings import read_recordings  # noqa: PLC0415
    from aiplane.evals.replay import markdown, play  # noqa: PLC0415

    played = [play(name, each, app) for name, each in read_recordings(folder).items() if only in name]
    wrong = [each for each in played if each.is_wrong]
    click.echo(markdown(played))
    if tell_misses:
        click.echo("\n".join(["", *(f"{each.name}: {each.outcome}. {each.told}" for each in wrong)]))
    return 1 if wrong else 0
