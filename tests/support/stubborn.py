"""A hint task that does not look at its deadline; a pool has it with ``-I tests.support.stubborn``.

A job whose text says ``[[provider: stubborn]]`` waits until something is pushed to the list ``go on``,
however long that takes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from redis import Redis

from aiplane.celery import app
from tasks.hint import generate_hint

if TYPE_CHECKING:
    from collections.abc import Mapping

STUBBORN = "stubborn"
GO_ON = "go on"

_obedient = generate_hint.run


def _run(payload: Mapping[str, Any]) -> dict[str, Any]:
    if f"[[provider: {STUBBORN}]]" in json.dumps(payload):
        with Redis.from_url(app.settings.redis_url, socket_timeout=None) as redis:
            redis.blpop([GO_ON], 0)
    result: dict[str, Any] = _obedient(payload)
    return result


generate_hint.run = _run
