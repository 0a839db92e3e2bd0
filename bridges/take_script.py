"""Taking, and sending in one with it: an ordinary job is on its way to its pool as soon as it is taken.

The script takes the next job as BullMQ does. Where all that has to be known of it can be read by Lua, it
opens the job's run and sends it as well; of any other job the bridge sees to that. Where there is no job, it
looks at how the queue stands, and takes away the marker that would only call the bridge back to an empty
queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgpack

from aiplane.bull import FOLD, KEEP_LOGS, QueueStatus, ScriptCall, read_taken
from aiplane.ledger.runs import ENTRY_TTL_MS, OPEN, run_id_part
from bridges.dispatch import new_tag
from bridges.options import DEFAULT_ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiplane.bull import Bull, BullQueue, ScriptBatch, Taken
    from bridges.dispatch import Form

_KNOWN = f"local DEFAULT_ATTEMPTS, ENTRY_TTL_MS = '{DEFAULT_ATTEMPTS}', {ENTRY_TTL_MS}"

# A number, or options, that Lua would not read as Python does are left to Python: the run's id, and what is
# refused, must not depend on who reads them.
_TAKE = """
local function whole(text)
  return #text < 16 and (text == '0' or text:find('^[1-9]%d*$')) and text
end
local function attempts_in(options)
  if #options > 1000 then return end
  local bare = options:gsub('"[^"\\\\%c]*"', ''):gsub('true', ''):gsub('false', ''):gsub('null', '')
  if not bare:find('^[%d ,:{}%[%]]*$') or bare:find('%D0%d') or options:sub(1, 1) ~= '{' then return end
  local read, known = pcall(cjson.decode, options)
  if not read or known.tm ~= nil or known.kl ~= nil or known.keepLogs ~= nil then return end
  local attempts = known.attempts
  if attempts == nil or attempts == 0 then return DEFAULT_ATTEMPTS end
  return type(attempts) == 'number' and attempts < 1e9 and string.format('%d', attempts)
end

local function sent(id, fields, form, lock)
  if not form then return 0 end
  local record = {}
  for i = 1, #fields, 2 do record[fields[i]] = fields[i + 1] end
  if record.defa or record.rjk or record.tm or not record.data then return 0 end
  local made = whole(record.atm or record.attemptsMade or '0')
  local timestamp, attempts = whole(record.timestamp or ''), attempts_in(record.opts or '')
  if not (made and timestamp and attempts and id:find('^[%w_:.-]+$')) then return 0 end
  local run = form.queue .. '|' .. id .. '|' .. timestamp .. '|' .. made
  local message = form.text:gsub('@(%l+)@', {
    run = run, job = id, attempt = string.format('%d', made + 1), attempts = attempts,
    trace = '{}', logs = form.logs, tag = form.tag,
  })
  return scripts.open({form.runs .. run, lock, form.list}, {ENTRY_TTL_MS, form.token, message})
end

local reply = scripts.moveToActive(KEYS, ARGV)
local fields, id = reply[1], reply[2]
if type(fields) == 'table' then
  local form = ARGV[4] and cmsgpack.unpack(ARGV[4])
  local done, answer = pcall(sent, id, fields, form, ARGV[1] .. id .. ':lock')
  reply[5] = done and answer or 0
else
  reply[5] = scripts.look({KEYS[1], KEYS[8], KEYS[9], KEYS[11]}, {})
  if redis.call('EXISTS', KEYS[1], KEYS[3]) == 0 then redis.call('ZREM', KEYS[11], '0') end
end
return reply
"""


class Answer(NamedTuple):
    """What taking came to.

    Attributes:
        taken: the job, or why there is none.
        sent: whether its run is opened and sent.
        standing: how the queue stands; None if a job was taken.
    """

    taken: Taken
    sent: bool
    standing: QueueStatus | None


TAKE_SCRIPTS = {"open": OPEN, "look": FOLD, "take": _KNOWN + _TAKE}
"""The scripts of ours that taking is made of; of BullMQ's it is ``moveToActive``."""


def taking_steps(bull: Bull) -> ScriptBatch:
    """Return the steps of which :func:`taking` makes one."""
    return bull.steps(["moveToActive"], TAKE_SCRIPTS)


class Sending:
    """How the runs of a queue are sent as their jobs are taken."""

    def __init__(self, form: Form, queue: str, run_prefix: str) -> None:
        """Prepare.

        Args:
            form: what is alike in their messages.
            queue: BullMQ's name of the queue.
            run_prefix: what the keys of runs begin with.
        """
        self._alike = {
            "queue": run_id_part(queue),
            "runs": run_prefix,
            "list": form.list_key,
            "text": form.text,
            "logs": str(KEEP_LOGS),
        }

    def packed(self, token: str) -> bytes:
        """Return it as an argument, for the job that is locked with ``token``."""
        return bytes(msgpack.packb({**self._alike, "token": token, "tag": new_tag()}))


def taking(queue: BullQueue, token: str, worker: str, sending: Sending | None) -> ScriptCall:
    """Return the step that takes a queue's next job, and sends it.

    Args:
        queue: the queue.
        token: what the job is locked with.
        worker: who takes it.
        sending: how its run is sent; None if the bridge sees to that.
    """
    step = queue.taking(token, worker=worker)
    return ScriptCall("take", step.keys, [*step.arguments, *([sending.packed(token)] if sending else [])])


def read_answer(reply: Sequence[Any]) -> Answer:
    """Read what the step has answered."""
    taken, more = read_taken(reply[:4]), reply[4]
    if taken.job_id is None:
        return Answer(taken, sent=False, standing=QueueStatus(*map(bool, more)))
    return Answer(taken, sent=more == 1, standing=None)
