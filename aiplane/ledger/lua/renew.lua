-- Renew a lease, and note that Redis has answered. Answers with {now, steady since, server since}.
--
-- KEYS: 1 leases by the time of their renewal, 2 what members say of themselves, 3 server epoch
-- ARGV: 1 id of the member, 2 what it says of itself, 3 ms without a renewal that count as a gap, 4 ms after which a
--       stale lease is removed
-- @include now.lua
-- @include steady_since.lua
-- @include server_since.lua
local now = now_ms()
local steady, server = steady_since(KEYS[3], now, tonumber(ARGV[3])), server_since(KEYS[3], now)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], 0, now - tonumber(ARGV[4]))) do
  redis.call('ZREM', KEYS[1], old)
  redis.call('HDEL', KEYS[2], old)
end
return {now, steady, server}
