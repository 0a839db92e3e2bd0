"""Batches of script calls: several of BullMQ's scripts, and some of ours, as one call.

In the one script that this makes of them each stands word for word, as a function of its own. So there is one
round trip where a transaction has two, and nothing has to be watched: while a script runs, nothing else does.
A call that refuses ends it, unless it is best effort. What was done before is not undone, by Redis as by us,
so the first step is one that only looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgpack

from aiplane.redis.lua import load_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from redis.asyncio import Redis
    from redis.asyncio.client import Pipeline

_BATCH = load_script(__package__, "batch")
_FUNCTION = load_script(__package__, "function")
CALL = load_script(__package__, "call")


class ScriptCall(NamedTuple):
    """One script with its keys and arguments.

    Attributes:
        script: its name, among the scripts of the :class:`ScriptBatch` that take it.
        keys: its keys.
        arguments: its arguments.
        sha: its digest, where it can be called alone too; empty otherwise.
        best_effort: whether all others count although it refuses, or breaks off: then it has no answer.
    """

    script: str
    keys: Sequence[str]
    arguments: Sequence[Any]
    sha: str = ""
    best_effort: bool = False

    def stage(self, pipe: Pipeline) -> None:
        """Put the script on a transaction of several."""
        # By digest and not through the script object: that would ask for the cache before each
        # transaction. load_scripts() fills the cache, and a NOSCRIPT fails the whole transaction.
        pipe.evalsha(self.sha, len(self.keys), *self.keys, *self.arguments)


class ScriptBatch:
    """Some scripts that can be called as one."""

    def __init__(self, redis: Redis, scripts: Mapping[str, str]) -> None:
        """Make one script of them.

        Args:
            redis: a client.
            scripts: the texts by name. Each answers with a negative number to refuse.
        """
        self.text = combine(scripts) + CALL
        self._script = redis.register_script(self.text)

    async def take(self, steps: Sequence[ScriptCall]) -> list[Any]:
        """Take the steps, and return what each has answered, up to the first that refused.

        Raises:
            RedisError: whatever the connection raises; they may have been taken. One that broke off half-way,
                and is not best effort, has ended it there.
        """
        return cast("list[Any]", await self._script(args=[pack(steps)]))


def combine(scripts: Mapping[str, str]) -> str:
    """Return Lua in which ``take`` takes packed steps, each a call of one of ``scripts``.

    It answers with what each step has answered, up to the first that refused.
    """
    functions = (
        _FUNCTION.replace("@name@", name).replace("-- @body", text) for name, text in scripts.items()
    )
    return _BATCH.replace("-- @functions", "".join(functions))


def pack(steps: Iterable[ScriptCall]) -> bytes:
    """Return steps as one argument, and not as a hundred, which redis-py would encode one by one."""
    each = [
        (step.script, step.keys, [*map(_as_argument, step.arguments)], step.best_effort) for step in steps
    ]
    return bytes(msgpack.packb(each, use_bin_type=False, unicode_errors="surrogateescape"))


def _as_argument(value: Any) -> str | bytes:
    """Return what a script called alone would get: text, and never a number."""
    return value if isinstance(value, (str, bytes)) else repr(value)
