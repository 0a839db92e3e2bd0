-- Take over the lock of a job that nobody looks after. Answers with its hash, or nil if it has moved on.
--
-- KEYS: 1 lock, 2 active, 3 stalled, 4 hash of the job
-- ARGV: 1 token of the old lock, empty if there is none, 2 our token, 3 id of the job, 4 ms for which the lock holds
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return false end
if not redis.call('LPOS', KEYS[2], ARGV[3]) then return false end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
redis.call('SREM', KEYS[3], ARGV[3])
return redis.call('HGETALL', KEYS[4])
