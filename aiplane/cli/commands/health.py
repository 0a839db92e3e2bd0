"""``aiplane health``: one line and an exit status for a probe that asks every few seconds.

It reads the leases: a process renews its own from a thread that goes on whatever the rest is doing, so a
bridge's says, too, when its loop turned last and when it renewed the locks of its jobs.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NoReturn

import click
from redis import RedisError, TimeoutError  # noqa: A004 -- Redis' own

from aiplane.cli.terminal.statuses import FAILED, USAGE
from aiplane.ledger.health import complaint, stale_ms
from aiplane.ledger.leases import LeaseStore
from aiplane.queues import KINDS
from aiplane.redis.clients import connect_thread
from aiplane.redis.refusals import told
from aiplane.settings import Settings, SettingsError

if TYPE_CHECKING:
    from aiplane.ledger.leases import LeaseSnapshot, Member


class IllError(Exception):
    """Unhealthy process; the message says what is wrong."""


class StaleError(IllError):
    """Stale lease: the process renews it no longer."""


@click.command()
@click.argument("role", type=click.Choice(("bridge", *KINDS)))
@click.option("--node", metavar="NAME", help="The process's name, as `celery -A aiplane queues` shows it.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 60),
    default=2.0,
    show_default=True,
    help="Seconds that Redis may take; after these, too, the process is called ill.",
)
def health(role: str, node: str | None, timeout: float) -> None:
    """Tell in one line whether a process serves; the exit status is 0 if it does, and 1 if not.

    The process is the one of that role on this host; where there are several, one that serves is enough.

    \b
    bridge           its lease is fresh, its loop turns, its locks are renewed
    hint, review, …  its lease is fresh, and it offers slots

    A process that is starting or stopping does not serve.
    """  # noqa: D301 -- click reads the mark
    _end_after(timeout, role)
    try:
        settings = Settings.load()
        snapshot = _read(settings, timeout)
        _say(role, examine(snapshot, role, node), 0)
    except SettingsError as error:
        _say(role, "; ".join(error.faults), USAGE)
    except TimeoutError:
        _say(role, "Redis does not answer.", FAILED)
    except RedisError as error:
        _say(role, f"{told(error)}.", FAILED)
    except StaleError as error:
        _say(role, f"{error}{_why(settings)}", FAILED)
    except IllError as error:
        _say(role, str(error), FAILED)


def _read(settings: Settings, timeout: float) -> LeaseSnapshot:
    with closing(connect_thread(settings.redis_url, timeout=timeout)) as redis:
        return LeaseStore(redis, settings.bullmq_prefix).look()


def _why(settings: Settings) -> str:
    """Say what Redis refuses, which may be why a lease is not renewed; nothing if it refuses nothing."""
    # Only here: a probe asks every few seconds, and this is much to load.
    from aiplane.operations.trials import try_one  # noqa: PLC0415

    with suppress(RedisError, OSError):
        for complaint in try_one(settings, "REDIS_URL"):
            return f" {complaint.sentence}"
    return ""


def examine(snapshot: LeaseSnapshot, role: str, node: str | None) -> str:
    """Return what to say of a process that serves.

    Args:
        snapshot: the leases.
        role: ``bridge``, or the kind of a pool.
        node: its name; None for whichever runs on this host.

    Raises:
        IllError: none serves.
    """
    of_role = [member for member, _ in snapshot.seen.values() if role in (member.kind, member.role)]
    here = [member for member in of_role if _is_meant(member, node)]
    if not here:
        raise IllError(f"no process of that role is known {f'as {node}' if node else 'on this host'}.")
    here.sort(key=lambda member: snapshot.silent_ms(member.id))
    complaints = [complaint(member, snapshot.silent_ms(member.id)) for member in here]
    if all(complaints):
        stale = snapshot.silent_ms(here[0].id) >= stale_ms(here[0].role)
        raise (StaleError if stale else IllError)(complaints[0])
    well = here[complaints.index("")]
    slots = "" if role == "bridge" else f" {well.slots} slots,"
    return f"{well.node} serves:{slots} lease renewed {snapshot.silent_ms(well.id) / 1000:.1f} s ago."


def _is_meant(member: Member, node: str | None) -> bool:
    if node is not None:
        return member.node == node
    return member.node.rpartition("@")[2] == socket.gethostname()


def _say(role: str, sentence: str, status: int) -> NoReturn:
    click.echo(f"{role}: {sentence}")
    sys.exit(status)


def _end_after(seconds: float, role: str) -> None:
    """End the process in time whatever hangs: a name server can, and no client bounds that."""

    def end() -> None:
        click.echo(f"{role}: Redis does not answer.")
        sys.stdout.flush()
        os._exit(FAILED)

    watch = threading.Timer(seconds + 0.1, end)
    watch.daemon = True
    watch.start()
