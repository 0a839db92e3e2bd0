"""``aiplane up``: everything on this machine, until somebody stops it."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiplane.cli.input.examples import example_path
from aiplane.cli.local.private_redis import USUAL_PORT
from aiplane.cli.local.supervisor import StoppedBySignalError
from aiplane.cli.local.workers import running_plane
from aiplane.cli.terminal.errors import naming_redis
from aiplane.cli.terminal.screen import prefixed, say
from aiplane.cli.terminal.teller import telling
from aiplane.settings import Settings

if TYPE_CHECKING:
    from aiplane.cli.terminal.teller import Teller

DATA = Path("var", "redis")
STOPPING = "Stopping; pools finish the jobs that they run. Ctrl-C once more ends everything at once."


@click.command()
def up() -> None:
    """Run everything on this machine: the bridge, four pools, the control plane, a Redis and a PostgreSQL.

    A Redis is started only where REDIS_URL is not set, a PostgreSQL only where DATABASE_URL is not, and the
    control plane only where it is installed: pip install 'aiplane[control-plane,postgres-server]'.

    Ctrl-C stops it in order and lets pools finish what they run; a second Ctrl-C ends it at once.
    """
    settings = Settings.load()
    with telling() as teller, naming_redis(settings.redis_url):
        try:
            asyncio.run(_up(settings, teller))
        except StoppedBySignalError:
            teller.tell(say, "Everything has stopped.")


async def _up(settings: Settings, teller: Teller) -> None:
    plane = running_plane(
        settings,
        os.environ,
        lambda name, line: teller.tell(prefixed, name, line),
        data=DATA,
        port=USUAL_PORT,
        on_stop=lambda: teller.tell(say, STOPPING),
    )
    async with plane as reached:
        teller.tell(say, "Everything is up. Send a job from another terminal:")
        teller.tell(say, f"  {_submit_command(reached.settings.redis_url)}")
        if reached.api_url:
            docs = f"{reached.api_url}/docs says what it takes"
            teller.tell(say, f"The control plane serves at {reached.api_url}; {docs}.")
        teller.tell(say, "Ctrl-C stops it.")
        await asyncio.get_running_loop().create_future()


def _submit_command(redis_url: str) -> str:
    command = shlex.join([sys.argv[0], "submit", "hint", "--payload", str(example_path("hint"))])
    if os.environ.get("REDIS_URL", "").strip() or redis_url == Settings.model_fields["redis_url"].default:
        return command
    return f"REDIS_URL={redis_url} {command}"
