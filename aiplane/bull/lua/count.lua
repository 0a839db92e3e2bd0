-- Count the jobs of a queue in each state, and tell how long the oldest ones wait.
--
-- KEYS: 1 wait, 2 paused, 3 prioritized, 4 active, 5 delayed, 6 completed, 7 failed, 8 and 9 wait and paused of the
--       dead letters, 10 meta
-- ARGV: 1 what the keys of jobs begin with
-- @include aiplane/redis/lua/whole_number.lua
local function oldest(id)
  local made = id and redis.call('HGET', ARGV[1] .. id, 'timestamp')
  return whole_number(made) or 0
end
local clock = redis.call('TIME')
local next_up = redis.call('ZRANGE', KEYS[3], 0, 0)[1]
return {
  redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2]) + redis.call('ZCARD', KEYS[3]),
  redis.call('LLEN', KEYS[4]),
  redis.call('ZCARD', KEYS[5]),
  redis.call('ZCARD', KEYS[6]),
  redis.call('ZCARD', KEYS[7]),
  redis.call('LLEN', KEYS[8]) + redis.call('LLEN', KEYS[9]),
  redis.call('HEXISTS', KEYS[10], 'paused'),
  clock[1] * 1000 + math.floor(clock[2] / 1000),
  oldest(redis.call('LINDEX', KEYS[1], -1)),
  oldest(redis.call('LINDEX', KEYS[2], -1)),
  oldest(next_up),
}
