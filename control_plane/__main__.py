"""Entry point, which starts the service or brings its database up: ``python -m control_plane [migrate]``."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import click

from aiplane.settings import SettingsError
from aiplane.telemetry.logs import configure_logs
from aiplane.telemetry.setup import start_telemetry
from control_plane.application import create_app
from control_plane.database import Database
from control_plane.schema import SchemaError, check_schema
from control_plane.schema import migrate as migrate_database
from control_plane.server import Server, configured
from control_plane.settings import ControlPlaneSettings

if TYPE_CHECKING:
    from aiplane.telemetry.setup import Telemetry

log = logging.getLogger("control_plane")

GRACE_SECONDS = 10
"""Seconds that open requests get to end after SIGTERM. A browser that waits for a result asks again."""


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Serve the control plane until SIGTERM or SIGINT."""
    if context.invoked_subcommand is None:
        _serve(_settings())


@main.command()
@click.option("--to", default="head", show_default=True, help="A revision, head, or base for none at all.")
def migrate(to: str) -> None:
    """Bring the database to what this version needs, or back."""
    settings = _settings()
    assert settings.database_url is not None  # noqa: S101 -- the settings are checked
    try:
        migrate_database(settings.database_url, to=to)
    except SchemaError as error:
        raise click.ClickException(str(error)) from error
    log.info("the database is at %s", to)


def _settings() -> ControlPlaneSettings:
    try:
        settings = ControlPlaneSettings.load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    configure_logs(settings)
    # They tell step by step what nobody needs, and where we listen is told below.
    for noisy in ("alembic", "uvicorn.error"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return settings


def _serve(settings: ControlPlaneSettings) -> None:
    telemetry = start_telemetry(settings, node=f"api@{socket.gethostname()}:{os.getpid()}")
    try:
        asyncio.run(_run(settings, telemetry))
    except SchemaError as error:
        raise click.ClickException(str(error)) from error
    finally:
        telemetry.stop()


async def _run(settings: ControlPlaneSettings, telemetry: Telemetry) -> None:
    assert settings.database_url is not None  # noqa: S101 -- the settings are checked
    database = Database(settings.database_url)
    try:
        await check_schema(database)
    finally:
        await database.close()
    app = create_app(settings)
    config = configured(app, settings.api_host, settings.api_port, grace=GRACE_SECONDS)
    # uvicorn hands on the signal that it has obeyed, which would end us before the telemetry is sent.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    server = Server(config, app.state.services.bell)
    telemetry.tell_health(server.complaint)
    await server.serve()


if __name__ == "__main__":
    sys.exit(main())
