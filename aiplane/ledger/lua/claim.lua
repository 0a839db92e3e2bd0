-- Claim a run, and hand over the job's data.
--
-- KEYS: 1 entry of the run, 2 hash of the job, 3 server epoch
-- ARGV: 1 token of the claim, 2 worker, 3 ms after a change of server in which nothing is claimed, 4 most bytes of
--       data that are handed over
-- Answers with {data, length of the stack traces, size of the data}; a number of ms to wait; or nil if the run is
-- claimed by another, settled or unknown.
-- @include now.lua
-- @include server_since.lua
local holder = redis.call('HGET', KEYS[1], 'claim')
if holder ~= ARGV[1] then
  if holder or redis.call('EXISTS', KEYS[1]) == 0 then return false end
  local now = now_ms()
  local wait = server_since(KEYS[3], now) + tonumber(ARGV[3]) - now
  if wait > 0 then return wait end
  redis.call('HSET', KEYS[1], 'claim', ARGV[1], 'worker', ARGV[2], 'claimed', now)
end
local size = redis.call('HSTRLEN', KEYS[2], 'data')
local data = size <= tonumber(ARGV[4]) and redis.call('HGET', KEYS[2], 'data')
return {data, redis.call('HSTRLEN', KEYS[2], 'stacktrace'), size}
