"""Trials of a Redis: everything that the workers do there, done once with keys of nobody's.

A right that is missing, a command that was renamed, a cluster: each shows only where it is needed, hours
after the start perhaps, and in a branch of a script. Here every command is tried, under each prefix, before
anything is taken. What is left behind by a trial that breaks off goes away after a minute.
"""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgpack
import redis
from redis.exceptions import RedisError

from aiplane.ledger.runs import ledger_prefix, outcome_channel
from aiplane.operations import audit_trail
from aiplane.redis.clients import COMMAND_TIMEOUT, connect_thread
from aiplane.redis.greeting import spoken_wrongly
from aiplane.redis.lua import load_script
from aiplane.redis.refusals import Refusal, is_outage, refusal_in, refusal_of
from aiplane.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiplane.settings import Settings

Variable = Literal["REDIS_URL", "CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"]

LIFETIME_MS = 60_000
"""Milliseconds for which a trial's keys live at most."""

_WRITES = """
DEL {h}|HSET {h} f 1 g 2|HMSET {h} i 1|HSETNX {h} n 1|HINCRBY {h} f 1|HDEL {h} g|PEXPIRE {h} {ttl}
RPUSH {l} a b c|LPUSH {l} z|LREM {l} 1 z|LTRIM {l} 0 9|RPOPLPUSH {l} {m}|LPOP {l}|PEXPIRE {l} {ttl}
PEXPIRE {m} {ttl}|RENAME {m} {l}|PERSIST {l}|PEXPIRE {l} {ttl}
SET {t} 1 PX {ttl}|INCR {t}|PEXPIRE {t} {ttl}
SADD {s} a b|SREM {s} b|PEXPIRE {s} {ttl}
ZADD {z} 1 a 2 b 3 c|ZREM {z} b|ZPOPMIN {z}|ZREMRANGEBYRANK {z} 5 6|ZREMRANGEBYSCORE {z} 8 9|PEXPIRE {z} {ttl}
XADD {x} * f 1|XTRIM {x} MAXLEN 5|PEXPIRE {x} {ttl}
"""
_READS = """
HGET {h} f|HMGET {h} f g|HGETALL {h}|HEXISTS {h} f|HSTRLEN {h} f|EXISTS {h}|TYPE {h}|PTTL {h}|TIME
LLEN {l}|LINDEX {l} 0|LRANGE {l} 0 1|LPOS {l} a|GET {t}|SCARD {s}|SMEMBERS {s}
ZSCORE {z} a|ZCARD {z}|ZRANGE {z} 0 1|ZREVRANGE {z} 0 1|ZRANGEBYSCORE {z} 0 1
ZREVRANGEBYSCORE {z} 1 0
"""
_REMOVAL = "UNLINK {h} {l} {m}|DEL {t} {s} {z} {x}"

_TRY = load_script(__package__, "try_calls")
_TRY_KEYS = load_script(__package__, "try_keys")
"""Lua: make some calls, and answer with those that were refused."""

BROKER_CHANNELS = (".celery.pidbox", ".celeryev/worker.*")
"""The patterns that pools subscribe to, behind Celery's prefix and ``/<database>``."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that a Redis refuses, and lastingly.

    Attributes:
        variable: the setting that names this Redis.
        refusal: what.
        purpose: what it is needed for; empty if nothing at all can be done.
    """

    variable: Variable
    refusal: Refusal
    purpose: str = ""

    @property
    def sentence(self) -> str:
        """All of it, for a person."""
        purpose = f" {self.purpose}" if self.purpose else ""
        return f"{self.variable}: Redis refuses{purpose} ({self.refusal.words}): {self.refusal.advice}."


def try_all(
    settings: Settings, awaited: tuple[Variable, ...], others: tuple[Variable, ...] = ()
) -> list[Complaint]:
    """Return what is refused at the places that these settings name.

    Args:
        settings: the settings.
        awaited: the places that have to answer.
        others: those that are passed over where they do not.

    Raises:
        RedisError: one of those that have to does not answer.
        OSError: likewise.
    """
    complaints: list[Complaint] = []
    closed: set[str] = set()
    for variable in (*awaited, *others):
        url = _url(settings, variable)
        if url in closed:
            continue  # what lets nobody in has to be said once
        try:
            found = try_one(settings, variable)
        except (RedisError, OSError):
            if variable in awaited:
                raise
            continue
        complaints += found
        if any(not complaint.purpose for complaint in found):
            closed.add(url)
    return complaints


def _url(settings: Settings, variable: Variable) -> str:
    return str(getattr(settings, variable.lower()))


def refuse_to_start(complaints: list[Complaint]) -> None:
    """End the start of a process if there are any.

    Raises:
        SettingsError: what waiting does not mend.
    """
    if complaints:
        raise SettingsError(tuple(dict.fromkeys(complaint.sentence for complaint in complaints)))


def try_one(settings: Settings, variable: Variable) -> list[Complaint]:
    """Return what is refused at one of these places.

    Raises:
        RedisError: it does not answer.
        OSError: likewise.
    """
    url = _url(settings, variable)
    with closing(connect_thread(url)) as client:
        try:
            client.ping()
        except (RedisError, OSError) as error:
            refusal = refusal_of(error) or spoken_wrongly(url)
            if refusal is None or not refusal.lasting:
                raise
            return [Complaint(variable, refusal)]
        trial = _Trial(client, url, settings.bullmq_prefix)
        return [
            Complaint(variable, refusal, purpose)
            for purpose, work in trial.works(variable)
            for refusal in _as_one(_refused(work))
        ]


def _refused(work: Callable[[], list[Refusal]]) -> list[Refusal]:
    try:
        return work()
    except (RedisError, OSError) as error:
        refusal = refusal_of(error)
        if refusal is not None:
            # A Redis that is full or read-only now is none that has to be set up anew.
            return [refusal] if refusal.lasting else []
        if is_outage(error):
            raise
        return [Refusal(type(error).__name__, "its log may say why")]


def _as_one(refusals: list[Refusal]) -> Iterator[Refusal]:
    """Yield one for each advice, with the words of all."""
    for advice in dict.fromkeys(refusal.advice for refusal in refusals):
        words = dict.fromkeys(refusal.words for refusal in refusals if refusal.advice == advice)
        yield Refusal(", ".join(words), advice)


class _Trial:
    """Trial of one Redis."""

    def __init__(self, client: redis.Redis, url: str, bullmq_prefix: str) -> None:
        self._redis, self._url = client, url
        self._mark = uuid.uuid4().hex
        self._queues, self._ours = f"{bullmq_prefix}:", ledger_prefix(bullmq_prefix)
        self._celery = f"{self._ours}celery:"
        self._fanout = f"{self._celery}/{urlsplit(url).path.strip('/') or 0}"
        self._channels = (outcome_channel(bullmq_prefix), audit_trail.channel(bullmq_prefix))
        self._try = client.register_script(_TRY)

    def works(self, variable: Variable) -> Iterator[tuple[str, Callable[[], list[Refusal]]]]:
        """Yield what is done at the Redis that a setting names, each with what it is for."""
        if variable == "REDIS_URL":
            for prefix in (self._queues, self._ours):
                yield f"scripts over the keys {prefix}*", lambda prefix=prefix: self._scripts(prefix)  # type: ignore[misc]
            yield "a script over keys of both prefixes", self._across
            yield f"waiting for jobs ({self._queues}*)", self._wait_for_job
            yield f"reading events ({self._queues}*)", self._read_events
            yield "looking for lost jobs", self._look_for_keys
            yield f"transactions over {self._ours}*", lambda: self._transaction(self._ours)
            for channel in self._channels:
                yield f"the channel {channel}", lambda channel=channel: self._hear(channel)  # type: ignore[misc]
        elif variable == "CELERY_BROKER_URL":
            yield "a connection as Celery makes it", self._greet
            yield f"scripts over the keys {self._celery}*", lambda: self._scripts(self._celery)
            yield f"waiting for messages ({self._celery}*)", self._wait_for_message
            yield f"transactions over {self._celery}*", lambda: self._transaction(self._celery)
            for channel in (f"{self._fanout}{pattern}" for pattern in BROKER_CHANNELS):
                yield f"the channel {channel}", lambda channel=channel: self._hear(channel, pattern=True)  # type: ignore[misc]
        else:
            result = f"{self._celery}celery-task-meta-{self._mark}"
            yield "a connection as Celery makes it", self._greet
            yield f"results of tasks ({self._celery}*)", lambda: self._keep_result(result)
            yield f"transactions over {self._celery}*", lambda: self._transaction(self._celery)
            yield f"the channel {self._celery}celery-task-meta-*", lambda: self._hear(result)

    def _key(self, prefix: str, name: str = "") -> str:
        return f"{prefix}aiplane-trial:{self._mark}{name}"

    def _scripts(self, prefix: str) -> list[Refusal]:
        keys = {name: self._key(prefix, name) for name in "hlmtszx"}
        calls = [
            call.format(**keys, ttl=LIFETIME_MS).split()
            for call in "|".join([_WRITES, _READS, _REMOVAL]).replace("\n", "|").split("|")
            if call
        ]
        replies = self._try(keys=[keys["h"]], args=[msgpack.packb(calls)])
        refused = ((name, refusal_in(text)) for name, text in replies)
        return [_named(refusal, name) for name, refusal in refused if refusal and refusal.lasting]

    def _across(self) -> list[Refusal]:
        keys = [self._key(self._queues), self._key(self._ours)]
        self._try(keys=keys, args=[msgpack.packb([])])
        self._redis.eval(_TRY_KEYS, len(keys), *keys)
        self._redis.script_exists(self._redis.script_load(_TRY))
        return []

    def _greet(self) -> list[Refusal]:
        with closing(redis.Redis.from_url(self._url, socket_timeout=COMMAND_TIMEOUT)) as client:
            client.ping()
        return []

    def _wait_for_job(self) -> list[Refusal]:
        self._redis.bzpopmin(self._key(self._queues), 0.01)
        return []

    def _wait_for_message(self) -> list[Refusal]:
        self._redis.rpush(self._key(self._celery), "")
        self._redis.brpop([self._key(self._celery)], 1)
        return []

    def _read_events(self) -> list[Refusal]:
        self._redis.xrevrange(self._key(self._queues), count=1)
        self._redis.xread({self._key(self._queues): "0-0"}, count=1)
        return []

    def _look_for_keys(self) -> list[Refusal]:
        self._redis.scan(match=f"{self._queues}aiplane-trial", count=1)
        return []

    def _transaction(self, prefix: str) -> list[Refusal]:
        for leave in (True, False):
            with self._redis.pipeline(transaction=True) as pipe:
                # redis-py has no types for this one, and some below.
                pipe.watch(self._key(prefix))  # type: ignore[no-untyped-call]
                if leave:
                    pipe.unwatch()
                pipe.multi()
                pipe.delete(self._key(prefix))
                pipe.execute()
        return []

    def _keep_result(self, key: str) -> list[Refusal]:
        # As Celery does; redis-py would have it said otherwise.
        self._redis.execute_command("SETEX", key, LIFETIME_MS // 1000, "")  # type: ignore[no-untyped-call]
        self._redis.mget([key])
        self._redis.get(key)
        self._redis.delete(key)
        return []

    def _hear(self, channel: str, *, pattern: bool = False) -> list[Refusal]:
        with closing(self._redis.pubsub()) as subscription:  # type: ignore[no-untyped-call]
            (subscription.psubscribe if pattern else subscription.subscribe)(channel)
            subscription.get_message(timeout=1.0)
            (subscription.punsubscribe if pattern else subscription.unsubscribe)(channel)
            subscription.get_message(timeout=1.0)
        self._almost("PUBLISH", channel.replace("*", "heartbeat"), "")
        return []

    def _almost(self, *command: str) -> None:
        """Have Redis take a command into a transaction that is then dropped, so that nobody hears it."""
        pool = self._redis.connection_pool
        connection = pool.get_connection()
        try:
            for words in (("MULTI",), command, ("DISCARD",)):
                connection.send_command(*words)  # type: ignore[no-untyped-call]
                connection.read_response()
        finally:
            connection.disconnect()  # type: ignore[no-untyped-call]
            pool.release(connection)


def _named(refusal: Refusal, command: str) -> Refusal:
    """Name the command of a script that was refused; older servers do not."""
    words = {
        "NOPERM: a command of a script": f"NOPERM: command {command.lower()}",
        "unknown command in a script": f"unknown command {command.lower()}",
    }
    return Refusal(words.get(refusal.words, refusal.words), refusal.advice)
