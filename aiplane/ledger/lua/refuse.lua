-- Record the outcome of a run that nobody has claimed, and that nobody shall begin.
--
-- KEYS: 1 entry of the run
-- ARGV: 1 token of the claim, 2 worker, 3 outcome, 4 channel, 5 id of the run
-- @include now.lua
-- @include announce.lua
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'claim') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'claim', ARGV[1], 'worker', ARGV[2], 'claimed', now_ms())
redis.call('HSET', KEYS[1], 'outcome', ARGV[3], 'usage', '')
announce(ARGV[4], ARGV[5], ARGV[3], '')
return 1
