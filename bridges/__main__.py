"""Entry point of the bridge: ``python -m bridges``."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import click

from aiplane.celery import app
from aiplane.redis.preflight import UnfitRedisError
from aiplane.settings import SettingsError
from aiplane.telemetry.logs import configure_logs
from aiplane.telemetry.setup import start_telemetry
from bridges.bridge import Bridge
from bridges.gauges import measure

if TYPE_CHECKING:
    from aiplane.telemetry.setup import Telemetry

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
    telemetry = start_telemetry(settings, node=f"bridge@{socket.gethostname()}:{os.getpid()}")
    try:
        asyncio.run(_serve(grace, telemetry))
    except (UnfitRedisError, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        telemetry.stop()


async def _serve(grace: float, telemetry: Telemetry) -> None:
    bridge = Bridge(app.settings)
    telemetry.tell_health(bridge.complaint)
    if telemetry.measures:
        measure(bridge, app.settings)
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
