"""``celery -A aiplane queues``: the jobs of each queue, and who lives."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import click

from aiplane.bull import QueueCounter
from aiplane.cli.terminal.columns import duration, moment, show_table
from aiplane.cli.terminal.errors import RedisFaultError, naming_redis
from aiplane.cli.terminal.screen import say, show_json
from aiplane.ledger.leases import BRIDGE_STALE_MS, POOL_STALE_MS, SLOTS_STALE_MS, LeaseStore
from aiplane.queues import KINDS
from aiplane.redis.clients import connect_thread

if TYPE_CHECKING:
    from redis import Redis

    from aiplane.ledger.leases import LeaseSnapshot
    from aiplane.settings import Settings

_COUNTS = ("waiting", "active", "delayed", "completed", "failed", "dead")
_SHOWN = ("waiting", "active", "delayed", "failed", "dead")


def show(settings: Settings, *, as_json: bool, watch: float | None) -> None:
    """Read everything once and show it; or again and again, by one process and one connection.

    Args:
        settings: where Redis is.
        as_json: one document, or with ``watch`` one a line.
        watch: seconds between two looks.
    """
    with closing(connect_thread(settings.redis_url)) as redis:
        if watch is None:
            with naming_redis(settings.redis_url):
                state = _read(settings, redis)
            _show(state, as_json=as_json)
        else:
            _watch(settings, redis, watch, as_json=as_json)


def _watch(settings: Settings, redis: Redis, seconds: float, *, as_json: bool) -> None:
    in_place = sys.stdout is not None and sys.stdout.isatty() and not as_json
    with suppress(KeyboardInterrupt):
        while True:
            try:
                with naming_redis(settings.redis_url):
                    state = _read(settings, redis)
            except RedisFaultError as fault:
                # It is looked at because something is wrong, so it goes on when Redis is back.
                say(str(fault))
            else:
                _show_again(state, in_place=in_place, as_json=as_json)
            time.sleep(seconds)


def _show_again(state: dict[str, Any], *, in_place: bool, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(state))
        return
    if in_place:
        click.clear()
    click.echo(state["at"])
    _show(state, as_json=False)
    if not in_place:
        click.echo()


def _read(settings: Settings, redis: Redis) -> dict[str, Any]:
    snapshot = LeaseStore(redis, settings.bullmq_prefix).look()
    counter = QueueCounter(redis, settings.bullmq_prefix)
    rows = [_row(kind, settings.queue_name(kind), counter, snapshot) for kind in KINDS]
    return {
        "at": moment(snapshot.now),
        "queues": rows,
        "bridges": _bridges(snapshot),
        "pools": _pools(snapshot),
    }


def _show(state: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(state)
        return
    head = ["queue", *_SHOWN, "slots", "oldest", ""]
    show_table(
        head,
        [
            [row["queue"], *(row[name] for name in _SHOWN), row["slots"], *_notes(row)]
            for row in state["queues"]
        ],
    )
    click.echo()
    _show_living(state["bridges"], state["pools"])


def _row(kind: Any, queue: str, counter: QueueCounter, snapshot: LeaseSnapshot) -> dict[str, Any]:
    counts = counter.read(queue)
    return {
        "kind": kind,
        "queue": queue,
        **{name: getattr(counts, name) for name in _COUNTS},
        "slots": snapshot.slots(kind, SLOTS_STALE_MS),
        "oldestMs": counts.oldest_ms if counts.waiting else None,
        "paused": counts.paused,
    }


def _notes(row: dict[str, Any]) -> tuple[str, str]:
    return duration(row["oldestMs"]), "paused" if row["paused"] else ""


def _bridges(snapshot: LeaseSnapshot) -> list[dict[str, Any]]:
    return [
        {"node": holder.node, "pid": holder.pid, "id": holder.id, "renewedMs": snapshot.silent_ms(holder.id)}
        for holder, _ in snapshot.seen.values()
        if holder.role == "bridge" and not snapshot.gone(holder.id, BRIDGE_STALE_MS)
    ]


def _pools(snapshot: LeaseSnapshot) -> list[dict[str, Any]]:
    """Return the pools that are not gone; one that is silent for a while offers no slots meanwhile."""
    return [
        {
            "node": holder.node,
            "kind": holder.kind,
            "pid": holder.pid,
            "id": holder.id,
            "slots": 0 if snapshot.gone(holder.id, SLOTS_STALE_MS) else holder.slots,
            "renewedMs": snapshot.silent_ms(holder.id),
        }
        for holder, _ in snapshot.seen.values()
        if holder.role == "pool" and not snapshot.gone(holder.id, POOL_STALE_MS)
    ]


def _show_living(bridges: list[dict[str, Any]], pools: list[dict[str, Any]]) -> None:
    rows = [("bridge", each["node"], each["pid"], "", _ago(each)) for each in bridges]
    rows += [("pool", each["node"], each["pid"], str(each["slots"]), _ago(each)) for each in pools]
    if rows:
        show_table(["role", "node", "pid", "slots", "renewed"], rows)
    for role, living in (("bridge", bridges), ("pool", pools)):
        if not living:
            click.echo(f"No {role} lives.")


def _ago(each: dict[str, Any]) -> str:
    return f"{duration(each['renewedMs'])} ago"
