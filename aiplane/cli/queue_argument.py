"""The queue that a person names: by the kind of its jobs, or as BullMQ does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aiplane.queues import KINDS

if TYPE_CHECKING:
    from aiplane.queues import Kind
    from aiplane.settings import Settings


def queue_named(settings: Settings, word: str) -> str:
    """Return BullMQ's name of the queue that a person means.

    Raises:
        click.UsageError: there is no such queue; it names those that there are.
    """
    names = {kind: settings.queue_name(kind) for kind in KINDS}
    for kind, name in names.items():
        if word in (kind, name):
            return name
    known = ", ".join(f"{kind} ({name})" for kind, name in names.items())
    raise click.UsageError(f"There is no queue of that name. There are: {known}.")


def kind_of(settings: Settings, queue: str) -> Kind:
    """Return the kind of the jobs of a queue that :func:`queue_named` returned."""
    return next(kind for kind in KINDS if settings.queue_name(kind) == queue)
