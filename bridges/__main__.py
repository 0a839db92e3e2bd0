"""Start the bridge: ``python -m bridges``."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

import click
import uvloop

from aiplane.app import app
from aiplane.fitness import UnfitRedisError
from aiplane.settings import SettingsError
from aiplane.telemetry.logs import configure_logs
from bridges.bridge import Bridge

log = logging.getLogger(__name__)


@click.command()
@click.option(
    "--grace",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    help="Seconds that running jobs get to end after SIGTERM. Jobs that run on are not lost and not run "
    "again: the next bridge adopts them.",
)
def main(grace: float) -> None:
    """Serve the four job queues until SIGTERM or SIGINT; a second signal ends at once."""
    try:
        settings = app.settings
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    configure_logs(settings)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(grace))
    except UnfitRedisError as error:
        raise click.ClickException(str(error)) from error


async def _serve(grace: float) -> None:
    bridge = Bridge(app.settings)
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        # From now on the signals do what they do to any process: end it.
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)
            signal.signal(each, lambda *_: os._exit(128 + number))
        bridge.stop()

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, on_signal, each)
    await bridge.run(grace)


if __name__ == "__main__":
    sys.exit(main())
