"""``aiplane eval``: run the labelled cases against the provider that is configured."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from aiplane.cli.screen import say


@click.command("eval")
@click.argument("folder", default="evals", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--only", metavar="TEXT", default="", help="Only cases whose name holds this.")
@click.option("--misses", "tell_misses", is_flag=True, help="Say which cases are not as labelled, and how.")
def evaluate(folder: Path, only: str, *, tell_misses: bool) -> None:
    """Run the labelled cases of FOLDER against the configured provider, and print a table.

    With a paid provider this costs one or two calls a case.
    """
    from aiplane.app import app  # noqa: PLC0415 - the tasks take half a second to load
    from aiplane.evals.labels import LabelError, read_labels  # noqa: PLC0415
    from aiplane.evals.table import markdown, misses  # noqa: PLC0415
    from aiplane.evals.trial import run  # noqa: PLC0415

    try:
        labels = [label for label in read_labels(folder) if only in label.name]
    except LabelError as error:
        raise click.BadParameter(str(error)) from error
    logging.getLogger("aiplane").setLevel(logging.ERROR)
    app.loader.import_default_modules()
    llm = app.providers.llm
    trials = []
    for number, label in enumerate(labels, start=1):
        trials.append(run(label, app, llm))
        say(f"{number}/{len(labels)} {label.name}: {trials[-1].failure or 'answered'}")
    click.echo(markdown(trials))
    if tell_misses:
        click.echo("\n".join(["", *misses(trials)]))
