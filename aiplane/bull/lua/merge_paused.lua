-- Bring what waits in two places to one, and tell how the queue stands: {paused, limited}.
--
-- KEYS: 1 wait, 2 paused, 3 meta, 4 marker
-- ARGV: 1 "if-paused" to leave a queue alone that is not paused, or none
local paused = redis.call('HEXISTS', KEYS[3], 'paused')
if ARGV[1] == 'if-paused' and paused == 0 then return end
local limited = redis.call('HEXISTS', KEYS[3], 'concurrency')
local version = redis.call('HGET', KEYS[3], 'version') or ''
local legacy = redis.call('EXISTS', KEYS[2]) == 1
local moved = 0
if paused == 1 and (legacy or string.sub(version, 1, 9) == 'bullmq:5.') then
  while moved < 1000 and redis.call('RPOPLPUSH', KEYS[1], KEYS[2]) do moved = moved + 1 end
elseif paused == 0 and legacy then
  while moved < 1000 do
    local id = redis.call('LPOP', KEYS[2])
    if not id then break end
    redis.call('RPUSH', KEYS[1], id)
    moved = moved + 1
  end
  redis.call('ZADD', KEYS[4], 0, '0')
end
return {paused, limited}
