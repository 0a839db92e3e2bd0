-- Open the entry of a run, and send it. Answers with the value of an Opened.
--
-- KEYS: 1 entry of the run, 2 lock of the job, 3 list that messages go to, or none
-- ARGV: 1 lifetime of the entry in ms, 2 token of the lock, 3 message
if redis.call('GET', KEYS[2]) ~= ARGV[2] then
  return -1
end
if redis.call('EXISTS', KEYS[1]) == 0 then
  local now = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'sent', now[1] * 1000 + math.floor(now[2] / 1000))
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  if KEYS[3] then redis.call('LPUSH', KEYS[3], ARGV[3]) end
  return 1
end
return 0
