"""``aiplane doctor``: every dependency that is configured, tried once, and what to do about what is wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from aiplane.cli.checks import CHECKS, Finding
from aiplane.cli.terminal.errors import DoctorFailedError
from aiplane.providers import Providers
from aiplane.settings import Settings


@click.command()
def doctor() -> None:
    """Try everything that is configured: Redis, the language model, speech both ways, the bucket.

    Redis is used as the workers use it, with keys that are removed again. Everything else is asked for
    something once: a few words, so it costs next to nothing. The exit status is 1 if any of them does not
    work.
    """
    findings = examine_all(Settings.load())
    table = Table("what", "configured", "state", "what to do")
    for finding in findings:
        colour = {"works": "green", "wrong": "red"}.get(finding.verdict, "dim")
        advice = escape(" ".join(filter(None, (finding.wrong, finding.note))))
        table.add_row(
            finding.name, escape(finding.configured), f"[{colour}]{finding.verdict}[/{colour}]", advice
        )
    Console().print(table)
    if wrong := [finding.name for finding in findings if finding.wrong]:
        raise DoctorFailedError(f"not as it should be: {', '.join(wrong)}")


def examine_all(settings: Settings) -> list[Finding]:
    """Try every dependency, all at once."""
    with (
        closing(Providers(settings)) as providers,
        ThreadPoolExecutor(len(CHECKS), thread_name_prefix="doctor") as threads,
    ):
        return list(threads.map(lambda check: check.findings(settings, providers), CHECKS))
