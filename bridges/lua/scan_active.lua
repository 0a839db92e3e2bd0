-- All that the scan needs to know of a queue: {ids, tokens of their locks}.
--
-- KEYS: 1 active
-- ARGV: 1 what the keys of jobs begin with
local ids = redis.call('LRANGE', KEYS[1], 0, -1)
local locks = {}
for i, id in ipairs(ids) do locks[i] = redis.call('GET', ARGV[1] .. id .. ':lock') end
return {ids, locks}
