-- Keep a claim, in a Redis too that has forgotten it, and record the outcome if there is one.
--
-- KEYS: 1 entry of the run, 2 hash of the job
-- ARGV: 1 token of the claim, 2 worker, 3 timestamp of the job, 4 attempts that it had made, 5 lifetime of the entry
--       in ms, 6 length of its stack traces when it was claimed, then, with an outcome: 7 outcome, 8 usage,
--       9 channel, 10 id of the run, 11 notes, packed, or none
-- Without an entry, the run is over and settled: or Redis has forgotten it, which the job itself tells. Then nobody
-- has settled this very attempt. A job that has a stack trace more than when it was claimed has failed since; if a
-- person has it begin anew, its attempts look the same, and it is to have another answer.
-- @include now.lua
-- @include announce.lua
-- @given take
local claim = redis.call('HGET', KEYS[1], 'claim')
if claim and claim ~= ARGV[1] then return 0 end
if not claim and redis.call('HSTRLEN', KEYS[2], 'stacktrace') ~= tonumber(ARGV[6]) then return 0 end
if redis.call('EXISTS', KEYS[1]) == 0 then
  local job = redis.call('HMGET', KEYS[2], 'timestamp', 'atm', 'attemptsMade', 'finishedOn')
  local attempts = job[2] or job[3] or '0'
  if not job[1] or job[4] or job[1] ~= ARGV[3] or attempts ~= ARGV[4] then return 0 end
  redis.call('HSET', KEYS[1], 'sent', now_ms())
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
end
redis.call('HSET', KEYS[1], 'claim', ARGV[1], 'worker', ARGV[2])
redis.call('HSETNX', KEYS[1], 'claimed', now_ms())
if ARGV[7] then
  if ARGV[11] and redis.call('HEXISTS', KEYS[1], 'outcome') == 0 then take(ARGV[11]) end
  redis.call('HSET', KEYS[1], 'outcome', ARGV[7], 'usage', ARGV[8])
  announce(ARGV[9], ARGV[10], ARGV[7], ARGV[8])
end
return 1
