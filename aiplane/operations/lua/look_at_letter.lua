-- All that a retry relies on, in one read: the letter, the job and whether it has failed, its options, and that the
-- queue can take it (a script that fails half-way is not undone).
--
-- KEYS: 1 letter, 2 hash of the job, 3 failed, 4 wait, 5 prioritized, 6 meta
-- ARGV: 1 id of the job
return {
  redis.call('HGET', KEYS[1], 'data'),
  redis.call('EXISTS', KEYS[2]),
  redis.call('ZSCORE', KEYS[3], ARGV[1]) and 1 or 0,
  redis.call('TYPE', KEYS[2]).ok == 'hash' and redis.call('HGET', KEYS[2], 'opts') or '',
  redis.call('TYPE', KEYS[4]).ok,
  redis.call('TYPE', KEYS[5]).ok,
  redis.call('HEXISTS', KEYS[6], 'paused'),
}
