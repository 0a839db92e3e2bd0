-- Cancel a job: its attempt has ended as failed for good, whoever holds it and wherever it waits.
--
-- KEYS: 1 entry of the run, 2 hash of the job, 3 its lock, then 4 active, 5 wait, 6 paused, 7 delayed,
--       8 prioritized, 9 waiting-children, 10 completed, 11 failed
-- ARGV: 1 id of the job, 2 its timestamp, 3 attempts that it has made, 4 outcome, 5 channel, 6 id of the run, 7 what
--       marks begin with, 8 what tokens of bridges begin with, 9 claim of what is cancelled, 10 lifetime of an entry
--       in ms, 11 of a mark, 12 the run that is wanted, 13 what the reason begins with
-- Answers with where the job was, or why nothing was done.
-- @include aiplane/ledger/lua/now.lua
-- @include aiplane/ledger/lua/announce.lua
local run, job, lock, active, wait, paused, delayed, prioritized, children, completed, failed = unpack(KEYS)
local id, timestamp, made, outcome, channel, run_id, marks = unpack(ARGV)
local bridges, cancelled, entry_ms, mark_ms, wanted, reason = unpack(ARGV, 8)
if redis.call('TYPE', job).ok ~= 'hash' then return 'unknown' end
local record = redis.call('HMGET', job, 'timestamp', 'atm', 'attemptsMade')
if redis.call('ZSCORE', completed, id) then return 'completed' end
if redis.call('ZSCORE', failed, id) then
  local why = redis.call('HGET', job, 'failedReason') or ''
  return why:sub(1, #reason) == reason and 'cancelled' or 'failed'
end
if (record[1] or '') ~= timestamp or (record[2] or record[3] or '') ~= made then return 'moved on' end
if wanted ~= run_id then return 'another attempt' end
if redis.call('ZSCORE', children, id) then return 'waiting-children' end

local entry = redis.call('HMGET', run, 'claim', 'outcome')
if entry[2] then return entry[1] == cancelled and 'cancelled' or 'over' end
local was, now = 'active', now_ms()
if redis.call('LPOS', active, id) then
  local token = redis.call('GET', lock)
  if token and token:sub(1, #bridges) ~= bridges then return 'foreign' end
else
  if redis.call('ZREM', delayed, id) == 1 then was = 'delayed'
  elseif redis.call('ZREM', prioritized, id) == 1 then was = 'prioritized'
  elseif redis.call('LREM', wait, 1, id) + redis.call('LREM', paused, 1, id) > 0 then was = 'waiting'
  else return redis.call('HEXISTS', job, 'data') == 1 and 'nowhere' or 'unknown' end
  redis.call('LPUSH', active, id)
  redis.call('HSET', job, 'processedOn', now)
  redis.pcall('HINCRBY', job, 'ats', 1)
end

redis.call('HSETNX', run, 'sent', now)
redis.call('HSET', run, 'claim', cancelled, 'worker', '', 'claimed', now, 'outcome', outcome, 'usage', '')
redis.call('PEXPIRE', run, entry_ms)
if entry[1] then redis.call('SET', marks .. entry[1], 1, 'PX', mark_ms) end
announce(channel, run_id, outcome, '')
return was
