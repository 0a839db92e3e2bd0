"""Processes on one machine: the bridge, the four pools, the control plane, a Redis if none is given."""

from __future__ import annotations

import fcntl
import shlex
import sys
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.cli.local import private_api
from aiplane.cli.local.child import Program
from aiplane.cli.local.private_redis import free_port, private_redis
from aiplane.cli.local.supervisor import Supervisor
from aiplane.queues import KINDS, QUEUES
from aiplane.redis.clients import connect
from aiplane.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from pathlib import Path

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "bridge": "python -m bridges",
        "api": private_api.COMMAND,
        **{kind: f"celery -A aiplane worker -Q {kind} -n {kind}@%h" for kind in KINDS},
    }
)
"""The processes, by name. The repository's Procfile has the same lines."""

READY_SECONDS = 60.0
"""How long the processes together may take until they serve; a cold start on a slow machine needs 20."""

BRIDGE_GRACE = 30.0
"""Seconds that a bridge gets to settle what is running. What it leaves, the next bridge takes over."""

HURRIED_GRACE = 5.0
"""Seconds that a process gets where nothing that runs is worth waiting for."""

_STOP_ORDER = (("api",), ("bridge",), KINDS, ("redis", "postgres"))
_QUIETER_THAN_INFO = {"warning", "error", "critical"}


@dataclass(frozen=True, slots=True)
class Reached:
    """Settings and address of what runs.

    Attributes:
        settings: what its processes were started with, and clients need.
        api_url: where the control plane serves; None where it is not installed.
    """

    settings: Settings
    api_url: str | None = None


class DataInUseError(Exception):
    """Data directory in use: somebody else on this machine keeps a Redis in it."""

    def __str__(self) -> str:
        """Name the directory."""
        return f"Another `aiplane up` keeps its data in {self.args[0]}; stop it first, or set REDIS_URL."


def programs(env: Mapping[str, str], settings: Settings, *, hurry: bool) -> list[Program]:
    """Describe the bridge and the pools. The control plane has an environment of its own.

    Args:
        env: the environment that they get.
        settings: what it says.
        hurry: kill what does not stop within seconds; otherwise a pool may finish the jobs it runs.
    """
    grace = {"bridge": BRIDGE_GRACE} | {spec.kind: spec.time_limit for spec in QUEUES.values()}
    return [
        Program(
            name=name,
            command=_arguments(line),
            ready="bridge is ready" if name == "bridge" else rf"{name}@\S+ ready",
            grace=HURRIED_GRACE if hurry else grace[name],
            env=_child_environment(env, settings),
        )
        for name, line in COMMANDS.items()
        if name != "api"
    ]


@asynccontextmanager
async def running_plane(
    settings: Settings,
    env: Mapping[str, str],
    write: Callable[[str, str], None],
    *,
    data: Path,
    port: int = 0,
    hurry: bool = False,
    on_stop: Callable[[], None] = lambda: None,
) -> AsyncIterator[Reached]:
    """Run everything inside the block; all of it serves at the block's start and is gone after its end.

    Args:
        settings: what ``env`` says.
        env: the environment of the processes.
        write: takes a process's name and a line of its output.
        data: the directory of the private Redis; made if it is needed. A private PostgreSQL is beside it.
        port: the port of the private Redis if that is free; 0 for any.
        hurry: do not let pools finish the jobs that they run.
        on_stop: called when a signal begins the stopping.

    Yields:
        How it is reached.

    Raises:
        DataInUseError: somebody else keeps data there.
        NoRedisServerError: no Redis is given, and there is none to start.
        NoPostgresServerError: likewise, where the control plane is installed.
        NotReadyError: a process does not serve.
        redis.RedisError: the given Redis cannot be reached.
        StoppedBySignalError: a signal ended the block.
    """
    async with AsyncExitStack() as stack:
        private = not env.get("REDIS_URL", "").strip()
        if private:
            stack.enter_context(_owned(data))
        else:
            await _ping(settings.redis_url)
        supervisor = await stack.enter_async_context(Supervisor(write, _STOP_ORDER, on_stop))
        if private:
            port = free_port(port)
            await supervisor.start([private_redis(data, port)], READY_SECONDS)
            env = {**env, "REDIS_URL": f"redis://127.0.0.1:{port}/0"}
        started = programs(env, settings, hurry=hurry)
        api_url = None
        if private_api.is_installed():
            own = await private_api.with_database(supervisor, env, data.with_name("postgres"), write)
            grace = HURRIED_GRACE if hurry else private_api.GRACE
            command = _arguments(COMMANDS["api"])
            started.append(private_api.service(command, _child_environment(own, settings), grace))
            host = own.get("API_HOST", "").strip() or "127.0.0.1"
            api_url = f"http://{host}:{own['API_PORT']}{own.get('API_PREFIX', '').strip()}"
        await supervisor.start(started, READY_SECONDS)
        yield Reached(Settings.load(env), api_url)


def _arguments(line: str) -> tuple[str, ...]:
    # By this interpreter, whatever is on the path, and without the working directory on its own path: a
    # folder called tasks may be somebody else's.
    first, *rest = shlex.split(line)
    module = rest if first == "python" else ["-m", first, *rest]
    return (sys.executable, "-P", *module)


def _child_environment(env: Mapping[str, str], settings: Settings) -> Mapping[str, str]:
    # What a process prints when it serves is information, so no quieter level would show it.
    level = "info" if settings.log_level in _QUIETER_THAN_INFO else settings.log_level
    return {**env, "LOG_LEVEL": level, "PYTHONUNBUFFERED": "1"}


async def _ping(url: str) -> None:
    client = connect(url)
    try:
        await client.ping()
    finally:
        await client.aclose()


@contextmanager
def _owned(directory: Path) -> Iterator[None]:
    """Hold a directory for this process: two servers on one append-only file would ruin it."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataInUseError(directory) from error
        yield
