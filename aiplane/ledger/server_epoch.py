"""Epoch of the Redis server: since when it has been answering, and been the same process.

Whoever renews a lease keeps it, in a hash in Redis itself. Two things are read off it. *Steady*: a Redis that
was away for a while has not heard from anybody, so nobody may be called dead for being silent. *Server*: one
that was killed, or replaced by a replica, can have forgotten what it had answered a moment before, so those
who remember are given a moment to say it again (:mod:`aiplane.ledger.claims`).
"""

from __future__ import annotations

from typing import NamedTuple

from aiplane.ledger.runs import ledger_prefix

GAP_MS = 3_000
"""Milliseconds without any renewal after which Redis counts as having been away."""


class ServerEpoch(NamedTuple):
    """What a look at it says, in epoch milliseconds of Redis' own clock.

    Attributes:
        now: the moment of the look.
        steady_since: since when Redis has been answering without a gap.
        server_since: when it was first seen to be the server that it is now; 0 if it was never another.
    """

    now: int
    steady_since: int
    server_since: int


def pulse_key(bullmq_prefix: str) -> str:
    """Return the key of the hash."""
    return f"{ledger_prefix(bullmq_prefix)}pulse"


NOW = """
local function now_ms()
  local clock = redis.call('TIME')
  return clock[1] * 1000 + math.floor(clock[2] / 1000)
end
"""
"""Lua: Redis' own clock, in epoch milliseconds."""

SERVER_SINCE = """
local function server_since(pulse, now)
  local info = redis.pcall('INFO', 'server')
  local server = type(info) == 'string' and string.match(info, 'run_id:(%w+)')
  if not server then return 0 end
  local known = redis.call('HMGET', pulse, 'server', 'server_since')
  local before = tonumber(known[2] or '0')
  if known[1] == server and before <= now then return before end
  local since = known[1] and now or 0
  redis.call('HSET', pulse, 'server', server, 'server_since', since)
  return since
end
"""
"""Lua: :attr:`ServerEpoch.server_since`. Every Redis process has a ``run_id`` of its own; where it may not be
asked for, no change is noticed. It is never later than now: a clock that was set back begins it anew."""

STEADY_SINCE = """
local function steady_since(pulse, now, gap)
  local last = tonumber(redis.call('HGET', pulse, 'last') or '0')
  if now - last > gap or now < last then redis.call('HSET', pulse, 'since', now) end
  redis.call('HSET', pulse, 'last', now)
  return tonumber(redis.call('HGET', pulse, 'since'))
end
"""
"""Lua: :attr:`ServerEpoch.steady_since`; the look itself counts as an answer."""
